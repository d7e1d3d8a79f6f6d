#include "features/tutor/branch.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/core/json_writer.hpp"

namespace bb::tutor {
namespace {

using Index = std::unordered_map<MessageId, const Message*>;
using Children = std::unordered_map<Uuid, std::vector<const Message*>>;

/// The first message of a thread hangs under this.
constexpr Uuid no_parent{};

Uuid parent_key(const Message& message) {
    return message.parent ? message.parent->value : no_parent;
}

/// Finished messages by parent, in the order of `thread`.
Children children_of(const std::vector<Message>& thread) {
    Children children;
    for (const auto& message : thread) {
        if (message.state != ReplyState::streaming) children[parent_key(message)].push_back(&message);
    }
    return children;
}

MessageId descend(const Children& children, MessageId from) {
    for (auto found = children.find(from.value); found != children.end(); found = children.find(from.value))
        from = found->second.back()->id;
    return from;
}

Shown show(const Message& message, const Index& index, const Children& children) {
    Shown shown;
    shown.message = message;
    if (message.parent) {
        const auto parent = index.find(*message.parent);
        if (parent != index.end()) shown.parent = parent->second->client_id;
    }
    for (const auto* sibling : children.at(parent_key(message))) {
        if (sibling->id == message.id) shown.index = shown.siblings.size();
        shown.siblings.push_back(sibling->client_id);
    }
    return shown;
}

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
    json.end();
    write_metadata(json, shown);
    json.end();
}

}  // namespace

std::vector<Shown> shown_branch(const std::vector<Message>& thread, std::optional<MessageId> leaf) {
    Index index;
    for (const auto& message : thread) index.emplace(message.id, &message);
    const auto children = children_of(thread);

    const Message* at = nullptr;
    if (leaf && index.contains(*leaf)) at = index[*leaf];
    if (!at && !thread.empty()) at = &thread.back();

    std::vector<Shown> branch;
    while (at) {
        if (at->state != ReplyState::streaming) branch.push_back(show(*at, index, children));
        const auto parent = at->parent ? index.find(*at->parent) : index.end();
        at = parent == index.end() ? nullptr : parent->second;
    }
    std::reverse(branch.begin(), branch.end());
    return branch;
}

MessageId newest_end(const std::vector<Message>& thread, MessageId message) {
    return descend(children_of(thread), message);
}

std::string messages_json(const std::vector<Shown>& branch) {
    JsonWriter json;
    json.object().key("messages").array();
    for (const auto& shown : branch) write_message(json, shown);
    json.end().end();
    return json.take();
}

}  // namespace bb::tutor
