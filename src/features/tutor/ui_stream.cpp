#include "features/tutor/ui_stream.hpp"

#include <utility>

#include "base/core/json_writer.hpp"

namespace bb::tutor {
namespace {

JsonWriter begin(std::string_view type) {
    JsonWriter json;
    json.object().field("type", type);
    return json;
}

void add_metadata(JsonWriter& json, std::string_view metadata) {
    if (!metadata.empty()) json.key("messageMetadata").raw(metadata);
}

}  // namespace

std::string source_document_json(const SourceDocument& source) {
    JsonWriter json = begin("source-document");
    json.field("sourceId", std::to_string(source.number));
    json.field("mediaType", "text/markdown").field("title", source.title);
    if (!source.file_name.empty()) json.field("filename", source.file_name);
    json.key("providerMetadata").object().key("brainbytes").object();
    json.field("number", source.number).field("materialId", source.material_id);
    if (!source.entry_id.empty()) json.field("entryId", source.entry_id);
    if (!source.file_id.empty()) json.field("fileId", source.file_id);
    json.field("passageId", source.passage_id).key("headingPath").array();
    for (const auto& heading : source.heading_path) json.value(heading);
    json.end();
    if (source.page) json.field("page", *source.page);
    json.field("start", source.start).field("end", source.end).field("quote", source.quote);
    json.end().end().end();
    return json.take();
}

UiStream& UiStream::start(std::string_view message_id, std::string_view metadata) {
    JsonWriter json = begin("start");
    json.field("messageId", message_id);
    add_metadata(json, metadata);
    return part(json.end().text());
}

UiStream& UiStream::status(std::string_view stage) {
    JsonWriter json = begin("data-status");
    json.key("data").object().field("stage", stage).end().field("transient", true);
    return part(json.end().text());
}

UiStream& UiStream::start_step() {
    return bare("start-step");
}

UiStream& UiStream::text_start(std::string_view id) {
    return part(begin("text-start").field("id", id).end().text());
}

UiStream& UiStream::text_delta(std::string_view id, std::string_view delta) {
    return part(begin("text-delta").field("id", id).field("delta", delta).end().text());
}

UiStream& UiStream::text_end(std::string_view id) {
    return part(begin("text-end").field("id", id).end().text());
}

UiStream& UiStream::source_document(const SourceDocument& source) {
    return part(source_document_json(source));
}

UiStream& UiStream::finish_step() {
    return bare("finish-step");
}

UiStream& UiStream::finish(std::string_view metadata) {
    JsonWriter json = begin("finish");
    add_metadata(json, metadata);
    return part(json.end().text());
}

UiStream& UiStream::error(std::string_view sentence) {
    return part(begin("error").field("errorText", sentence).end().text());
}

UiStream& UiStream::abort() {
    return bare("abort");
}

UiStream& UiStream::done() {
    return part("[DONE]");
}

std::string UiStream::take() {
    return std::exchange(out_, {});
}

UiStream& UiStream::part(std::string_view json) {
    if (next_id_) {
        out_ += "id: ";
        out_ += std::to_string((*next_id_)++);
        out_ += '\n';
    }
    out_ += "data: ";
    out_ += json;
    out_ += "\n\n";
    return *this;
}

UiStream& UiStream::bare(std::string_view type) {
    return part(begin(type).end().text());
}

}  // namespace bb::tutor
