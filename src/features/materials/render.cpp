#include "features/materials/render.hpp"

#include "base/core/utf8.hpp"
#include "features/materials/upload.hpp"

namespace bb::materials {
namespace {

void open(JsonWriter& json, const Entry& entry) {
    json.object()
        .field("id", entry.id)
        .field("materialId", entry.material)
        .field("title", entry.title)
        .field("characters", entry.characters)
        .field("position", entry.position)
        .field("createdAt", entry.created_at)
        .field("updatedAt", entry.updated_at);
}

void open(JsonWriter& json, const File& file) {
    json.object()
        .field("id", file.id)
        .field("materialId", file.material)
        .field("name", file.name)
        .field("bytes", file.bytes)
        .field("mediaType", file.media_type)
        .field("state", file.state)
        .field("fault", file.fault)
        .field("reason", file.reason)
        .field("characters", file.characters)
        .field("sourceUrl", file.source_url)
        .field("fetchedAt", file.fetched_at)
        .field("createdAt", file.created_at)
        .field("updatedAt", file.updated_at);
}

void write_highlights(JsonWriter& json,
                      const std::vector<std::pair<std::int32_t, std::int32_t>>& highlights) {
    json.key("highlights").array();
    for (const auto& [start, end] : highlights) json.array().value(start).value(end).end();
    json.end();
}

/// What was found by its title: the title is its text.
void write_titled(JsonWriter& json, const std::string& title, double score,
                  const std::vector<std::pair<std::int32_t, std::int32_t>>& highlights) {
    json.field("title", title).key("headingPath").array().end().key("page").null();
    json.field("start", 0).field("end", static_cast<std::int32_t>(utf8::length(title)));
    json.field("text", title).field("score", score);
    write_highlights(json, highlights);
}

std::string moment(Time time) {
    return std::to_string(time.time_since_epoch().count());
}

}  // namespace

void write(JsonWriter& json, const Subject& subject) {
    json.object()
        .field("id", subject.id)
        .field("name", subject.name)
        .field("materials", subject.materials)
        .field("createdAt", subject.created_at)
        .field("updatedAt", subject.updated_at)
        .end();
}

void write(JsonWriter& json, const Material& material) {
    json.object()
        .field("id", material.id)
        .field("title", material.title)
        .field("subject", material.subject)
        .field("subjectId", material.subject_id)
        .field("description", material.description)
        .field("active", material.active)
        .field("entries", material.entries)
        .field("files", material.files)
        .key("origin");
    if (material.origin)
        json.object()
            .field("materialId", material.origin->material)
            .field("owner", material.origin->owner)
            .end();
    else
        json.null();
    json.field("createdAt", material.created_at).field("updatedAt", material.updated_at).end();
}

void write(JsonWriter& json, const Entry& entry) {
    open(json, entry);
    json.end();
}

void write(JsonWriter& json, const File& file) {
    open(json, file);
    json.end();
}

std::string whole(const Entry& entry) {
    JsonWriter json;
    open(json, entry);
    json.field("content", entry.content).end();
    return json.take();
}

std::string whole(const File& file) {
    JsonWriter json;
    open(json, file);
    const bool marked = format_of_name(file.name) == text::Format::markdown;
    json.field("format", marked ? "markdown" : "plain").field("text", file.text).end();
    return json.take();
}

void write(JsonWriter& json, const FoundPassage& passage) {
    json.object().field("kind", passage.entry ? "entry" : "file").field("materialId", passage.material);
    if (passage.entry) json.field("entryId", *passage.entry);
    if (passage.file) json.field("fileId", *passage.file);
    json.field("materialTitle", passage.material_title).field("title", passage.title);
    json.key("headingPath").array();
    for (const auto& heading : passage.heading_path) json.value(heading);
    json.end().field("page", passage.page);
    json.field("start", passage.start).field("end", passage.end).field("text", passage.text);
    json.field("score", passage.score);
    write_highlights(json, passage.highlights);
    json.end();
}

void write(JsonWriter& json, const FoundMessage& message) {
    json.object()
        .field("kind", "message")
        .field("threadId", message.thread)
        .field("messageId", message.message)
        .field("title", message.thread_title);
    json.key("headingPath").array().end().key("page").null();
    json.field("start", message.start).field("end", message.end).field("text", message.text);
    json.field("score", message.score);
    write_highlights(json, message.highlights);
    json.end();
}

void write(JsonWriter& json, const FoundMaterial& material) {
    json.object().field("kind", "material").field("materialId", material.material);
    json.field("description", material.description);
    write_titled(json, material.title, material.score, material.highlights);
    json.end();
}

void write(JsonWriter& json, const FoundThread& thread) {
    json.object().field("kind", "thread").field("threadId", thread.thread);
    write_titled(json, thread.title, thread.score, thread.highlights);
    json.end();
}

std::string tag_of(const Subject& subject) {
    return std::to_string(subject.materials);
}

std::string tag_of(const Material& material) {
    return moment(material.updated_at) + "-" + std::to_string(material.entries) + "-" +
           std::to_string(material.files) + "-" +
           (material.subject ? http::etag_of(*material.subject).substr(1, 8) : std::string("0"));
}

std::string tag_of(const Entry& entry) {
    return std::to_string(entry.position) + "-" + entry.material.text();
}

std::string tag_of(const File& file) {
    return file.material.text();
}

}  // namespace bb::materials
