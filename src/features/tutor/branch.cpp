#include "features/tutor/branch.hpp"

#include "base/core/json_writer.hpp"

namespace bb::tutor {
namespace {

void write_metadata(JsonWriter& json, const Shown& shown) {
    const auto& message = shown.message;
    json.key("metadata").object().field("createdAt", message.created_at).key("parentId");
    shown.parent.empty() ? json.null() : json.value(shown.parent);
    json.field("state", name_of(message.state));
    if (!message.mode.empty()) {
        json.field("mode", message.mode).key("model");
        message.model.empty() ? json.null() : json.value(message.model);
    }
    json.key("branches").object().key("ids").array();
    for (const auto& id : shown.siblings) json.value(id);
    json.end().field("index", static_cast<std::int64_t>(shown.index)).end();
    if (!message.error.empty()) json.field("error", message.error);
    json.end();
}

void write_message(JsonWriter& json, const Shown& shown) {
    const auto& message = shown.message;
    json.object().field("id", message.client_id).field("role", message.role).key("parts").array();
    json.object().field("type", "text").field("text", message.text).end();
    // The column holds an array of parts already: its elements go in as they are.
    if (message.sources.size() > 2)
        json.raw(std::string_view(message.sources).substr(1, message.sources.size() - 2));
    if (!message.proof.empty()) json.raw(message.proof);
    json.end();
    write_metadata(json, shown);
    json.end();
}

}  // namespace

std::string messages_json(const BranchPage& page) {
    JsonWriter json;
    json.object().key("messages").array();
    for (const auto& shown : page.messages) write_message(json, shown);
    json.end().key("earlier");
    page.earlier.empty() ? json.null() : json.value(page.earlier);
    json.end();
    return json.take();
}

}  // namespace bb::tutor
