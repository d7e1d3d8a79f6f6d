#include "features/tutor/live_reply.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"

namespace bb::tutor {
namespace {

constexpr std::string_view text_block = "t1";

std::vector<std::string> split_array(const std::string& sources) {
    std::vector<std::string> parts;
    if (sources.empty()) return parts;
    const auto list = boost::json::parse(sources);
    for (const auto& part : list.as_array()) parts.push_back(boost::json::serialize(part));
    return parts;
}

std::string join_array(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
    if (from >= to) return {};
    std::string out = "[";
    for (auto i = from; i < to; ++i) {
        if (i > from) out += ',';
        out += parts[i];
    }
    return out += ']';
}

}  // namespace

std::string start_metadata(const std::string& mode, const std::string& model, Time created_at) {
    JsonWriter json;
    json.object().field("mode", mode).key("model");
    model.empty() ? json.null() : json.value(model);
    json.field("createdAt", created_at).end();
    return json.take();
}

std::string finish_metadata(const Ending& ending) {
    JsonWriter json;
    json.object().field("finishReason", ending.finish_reason.empty() ? "stop" : ending.finish_reason);
    if (ending.prompt_tokens >= 0 && ending.answer_tokens >= 0) {
        json.key("usage").object().field("inputTokens", ending.prompt_tokens);
        json.field("outputTokens", ending.answer_tokens);
        json.field("totalTokens", ending.prompt_tokens + ending.answer_tokens).end();
    }
    json.field("state", name_of(ending.state)).end();
    return json.take();
}

void write_ending(UiStream& out, const Ending& ending, bool open_text) {
    if (open_text) out.text_end(text_block);
    if (!ending.proof.empty()) out.raw(ending.proof);
    switch (ending.state) {
        case ReplyState::complete:
            out.finish_step().finish(finish_metadata(ending));
            break;
        case ReplyState::failed:
            out.error(ending.error);
            break;
        case ReplyState::streaming:
        case ReplyState::stopped:
        case ReplyState::interrupted:
            out.abort();
            break;
    }
    out.done();
}

LiveReply::LiveReply(ReplyHead head, std::string text, std::string sources, ReplyBoard::Seat seat)
    : head_(std::move(head)),
      text_(std::move(text)),
      sources_(split_array(sources)),
      stored_text_(text_.size()),
      stored_sources_(sources_.size()),
      taken_text_(text_.size()),
      taken_sources_(sources_.size()),
      seat_(std::move(seat)) {}

std::string LiveReply::sources() const {
    return join_array(sources_, 0, sources_.size());
}

void LiveReply::stop(ReplyState state) {
    if (stopped_) return;
    stopped_ = state;
    cancellation_->cancel();
}

void LiveReply::follow(std::shared_ptr<Follower> follower) {
    UiStream replay{0};
    replay.start(head_.client_id, start_metadata(head_.mode, head_.model, head_.created_at)).start_step();
    if (!stage_.empty() && text_.empty()) replay.status(stage_);
    if (!text_.empty()) replay.text_start(text_block).text_delta(text_block, text_);
    for (const auto& source : sources_) replay.raw(source);
    if (follower->write(replay.take(), true)) followers_.push_back(std::move(follower));
}

void LiveReply::unfollow(const Follower* follower) {
    std::erase_if(followers_, [&](const auto& known) { return known.get() == follower; });
}

void LiveReply::stage(std::string_view stage) {
    stage_ = stage;
    if (followers_.empty()) return;
    out_.status(stage);
    send(false);
}

void LiveReply::append(std::string_view piece) {
    std::string clean;
    if (!utf8::valid(piece)) return;
    if (piece.find('\0') != std::string_view::npos) {
        for (const char c : piece) {
            if (c != '\0') clean += c;
        }
        piece = clean;
    }
    if (piece.empty()) return;
    const bool first = text_.empty();
    text_ += piece;
    if (followers_.empty()) return;
    if (first) out_.text_start(text_block);
    out_.text_delta(text_block, piece);
    send(first);  // the first word must not wait for the tick
}

void LiveReply::cite(const SourceDocument& source) {
    sources_.push_back(source_document_json(source));
    if (followers_.empty()) return;
    out_.raw(sources_.back());
    send(false);
}

void LiveReply::end(const Ending& ending) {
    write_ending(out_, ending, !text_.empty());
    send(true);
    for (const auto& follower : std::exchange(followers_, {})) follower->close();
}

std::optional<Chunk> LiveReply::next_chunk() {
    if (frozen_) return std::nullopt;
    if (taken_text_ == stored_text_) {
        taken_text_ = text_.size();
        taken_sources_ = sources_.size();
    }
    if (taken_text_ == stored_text_) return std::nullopt;
    Chunk chunk;
    chunk.reply = head_.id;
    chunk.at = static_cast<std::int32_t>(stored_text_);
    chunk.text = text_.substr(stored_text_, taken_text_ - stored_text_);
    chunk.sources = join_array(sources_, stored_sources_, taken_sources_);
    return chunk;
}

void LiveReply::chunk_stored() {
    stored_text_ = taken_text_;
    stored_sources_ = taken_sources_;
}

void LiveReply::send(bool urgent) {
    const auto bytes = out_.take();
    std::erase_if(followers_, [&](const auto& follower) { return !follower->write(bytes, urgent); });
}

}  // namespace bb::tutor
