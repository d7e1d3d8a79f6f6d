#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bb::tutor {

/// A cited passage as the `source-document` part says it; offsets are code points.
struct SourceDocument {
    int number = 0;         // the n of [n] in the text; also the part's sourceId
    std::string title;      // of the entry or file
    std::string file_name;  // empty for an entry
    std::string material_id;
    std::string entry_id;  // exactly one of entry_id and file_id is set
    std::string file_id;
    std::int64_t passage_id = 0;
    std::vector<std::string> heading_path;  // outermost first
    std::optional<std::int32_t> page;       // from 1
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::string quote;
};

/// Only the part itself, for a message's `parts` as well as for the stream.
std::string source_document_json(const SourceDocument& source);

/// Writes the AI SDK's UI message stream as server-sent events. Only what clients from 5.0.0 on accept: its
/// validation is strict, so finish reason, usage and state travel in metadata. All text must be UTF-8.
///   UiStream out; out.start("m1", metadata).start_step().text_start("t1"); stream->write(out.take());
class UiStream {
public:
    UiStream() = default;
    /// Gives every event an `id:` line, counting up from `first`; EventSource sends the last one back.
    explicit UiStream(std::uint64_t first) : next_id_(first) {}

    /// `metadata` is a JSON object, or empty for none; here and in finish.
    UiStream& start(std::string_view message_id, std::string_view metadata = {});
    /// A transient `data-status`, e.g. "searching" or "thinking": shown, never kept in the message.
    UiStream& status(std::string_view stage);
    UiStream& start_step();
    /// `id` names the block of text; unique in the message.
    UiStream& text_start(std::string_view id);
    UiStream& text_delta(std::string_view id, std::string_view delta);
    UiStream& text_end(std::string_view id);
    UiStream& source_document(const SourceDocument& source);
    /// A part that is JSON already.
    UiStream& raw(std::string_view json) { return part(json); }
    UiStream& finish_step();
    UiStream& finish(std::string_view metadata = {});
    /// A sentence for the person; the client shows it as the stream's error.
    UiStream& error(std::string_view sentence);
    UiStream& abort();
    /// `[DONE]`: nothing follows.
    UiStream& done();

    /// The bytes written since the last take().
    std::string take();
    bool empty() const { return out_.empty(); }

private:
    UiStream& part(std::string_view json);
    UiStream& bare(std::string_view type);

    std::string out_;
    std::optional<std::uint64_t> next_id_;
};

}  // namespace bb::tutor
