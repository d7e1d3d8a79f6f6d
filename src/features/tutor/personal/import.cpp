#include <algorithm>
#include <boost/json/serialize.hpp>
#include <unordered_map>

#include "base/core/utf8.hpp"
#include "features/tutor/chat_request.hpp"
#include "features/tutor/personal/personal.hpp"
#include "features/tutor/proof.hpp"
#include "services/personal/fields.hpp"

namespace bb::tutor {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_text = 2'000'000;  // code points; replies are far shorter

constexpr const char* here_sql =
    "SELECT 1 FROM threads WHERE owner_id = $1 AND deleted_at IS NULL AND (id = $2 OR id = "
    "(SELECT made_id FROM imported WHERE owner_id = $1 AND kind = 'chat' AND original_id = $2)) LIMIT 1";
constexpr const char* thread_sql =
    "WITH t AS (INSERT INTO threads (id, owner_id, title, title_source, chosen, leaf_id, created_at, "
    "updated_at, only_materials) VALUES ($2, $1, $3, $4, cardinality($5::uuid[]) > 0, $6, $7, $8, $9) "
    "RETURNING id) "
    "INSERT INTO thread_materials (thread_id, material_id) SELECT t.id, m.id FROM t, materials m "
    "WHERE m.owner_id = $1 AND m.id = ANY($5) AND m.deleted_at IS NULL";
constexpr const char* message_sql =
    "INSERT INTO messages (id, thread_id, owner_id, client_id, parent_id, role, text, sources, state, mode, "
    "model, error, finish_reason, prompt_tokens, answer_tokens, created_at, proof) "
    "VALUES ($3, $2, $1, $4, $5, $6, $7, nullif($8, '')::jsonb, $9, $10, $11, $12, $13, $14, $15, $16, "
    "nullif($17, '')::jsonb)";

struct ArchivedMessage {
    MessageId id;  // here
    std::string client_id;
    std::optional<std::string> parent;
    std::string role;
    std::string text;
    std::string sources;  // JSON, or empty
    std::string proof;    // of the text by these sources, or empty
    std::string state;
    std::optional<std::string> mode, model, error, finish_reason;
    std::optional<std::int64_t> prompt_tokens, answer_tokens;
    Time created_at;
};

struct ArchivedChat {
    personal::ArchivedId ids;
    std::string title;
    std::string title_source;
    bool temporary = false;
    bool only_materials = false;
    std::optional<std::string> shown;
    std::vector<Uuid> materials;
    Time created_at;
    Time updated_at;
    std::vector<ArchivedMessage> messages;
};

/// `text` with the ids of here in place of those of the archive.
std::string translated(std::string text, const std::unordered_map<Uuid, Uuid>& here) {
    constexpr std::size_t length = 36;
    for (std::size_t at = 0; at + length <= text.size(); ++at) {
        if (text[at + 8] != '-' || text[at + 13] != '-') continue;
        const auto id = Uuid::parse(std::string_view(text).substr(at, length));
        const auto found = id ? here.find(*id) : here.end();
        if (found == here.end()) continue;
        text.replace(at, length, found->second.text());
        at += length - 1;
    }
    return text;
}

std::optional<std::int64_t> count_of(FieldReader& in, std::string_view name) {
    const auto* value = in.raw(name);
    if (!value || value->is_null()) return std::nullopt;
    return in.optional_integer(name, 0, 1'000'000'000);
}

std::optional<std::string> word_of(FieldReader& in, std::string_view name, std::size_t longest) {
    return in.nullable_text(name, {0, longest, true}).value_or(std::nullopt);
}

std::string sources_of(FieldReader& in, const std::unordered_map<Uuid, Uuid>& here) {
    const auto* value = in.raw("sources");
    if (!value || value->is_null()) return {};
    bool good = value->is_array() && value->get_array().size() <= 1000;
    if (good)
        for (const auto& one : value->get_array()) {
            const auto* object = one.if_object();
            const auto* type = object ? object->if_contains("type") : nullptr;
            good = good && type && type->is_string() && type->get_string() == "source-document";
        }
    if (!good) {
        in.complain("sources", "must be a list of sources");
        return {};
    }
    return translated(json::serialize(*value), here);
}

Result<ArchivedMessage> read_message(const json::value& body, const std::unordered_map<Uuid, Uuid>& here) {
    FieldReader in(body);
    ArchivedMessage message;
    message.client_id = in.text("id", {1, 64});
    if (!message.client_id.empty() && !is_message_id(message.client_id))
        in.complain("id", "must be 1 to 64 letters, digits, - or _");
    message.parent = word_of(in, "parent", 64);
    message.role = in.choice("role", {"user", "assistant"});
    message.text = in.text("text", {0, longest_text, true});
    message.sources = sources_of(in, here);
    message.state = in.choice("state", {"complete", "stopped", "interrupted", "failed"});
    if (message.role == "user" && !message.state.empty() && message.state != "complete")
        in.complain("state", "must be complete for a question");
    message.mode = word_of(in, "mode", 20);
    if (message.mode && *message.mode != "model" && *message.mode != "extractive")
        in.complain("mode", "must be model or extractive");
    message.model = word_of(in, "model", 200);
    message.error = word_of(in, "error", 2000);
    message.finish_reason = word_of(in, "finishReason", 100);
    message.prompt_tokens = count_of(in, "promptTokens");
    message.answer_tokens = count_of(in, "answerTokens");
    message.created_at = personal::read_time(in, "createdAt");
    if (auto bad = in.error()) return std::move(*bad);
    message.proof = proof_part_json(check_reply(message.text, message.sources));
    return message;
}

Result<ArchivedChat> read_chat(const json::value& body, const std::unordered_map<Uuid, Uuid>& here) {
    FieldReader in(body);
    ArchivedChat chat;
    chat.ids = personal::read_ids(in);
    chat.title = in.text("title", {1, 200});
    chat.title_source = in.choice("titleSource", {"default", "words", "model", "person"});
    chat.temporary = in.optional_bool("temporary").value_or(false);
    chat.only_materials = in.optional_bool("onlyMaterials").value_or(false);
    chat.shown = word_of(in, "shown", 64);
    for (const auto& id : in.optional_uuids("materialIds", 10'000).value_or(std::vector<Uuid>())) {
        const auto found = here.find(id);
        if (found != here.end()) chat.materials.push_back(found->second);
    }
    chat.created_at = personal::read_time(in, "createdAt");
    chat.updated_at = personal::read_time(in, "updatedAt");
    const auto* messages = in.raw("messages");
    if (!messages || !messages->is_array()) in.complain("messages", "must be a list");
    if (auto bad = in.error()) return std::move(*bad);
    for (const auto& one : messages->get_array()) {
        auto message = read_message(one, here);
        if (!message) {
            auto error = message.error();
            for (auto& field : error.fields)
                field.pointer =
                    "#/messages/" + std::to_string(chat.messages.size()) + field.pointer.substr(1);
            return error;
        }
        message->id = MessageId::make();
        chat.messages.push_back(std::move(*message));
    }
    return chat;
}

/// The messages with each behind its parent. Errors: invalid_input.
Result<std::vector<const ArchivedMessage*>> in_order(const ArchivedChat& chat) {
    std::unordered_multimap<std::string, const ArchivedMessage*> children;
    std::vector<const ArchivedMessage*> ordered;
    for (const auto& message : chat.messages) {
        if (message.parent)
            children.emplace(*message.parent, &message);
        else
            ordered.push_back(&message);
    }
    std::unordered_map<std::string, int> seen;
    for (std::size_t at = 0; at < ordered.size(); ++at) {
        const auto& id = ordered[at]->client_id;
        if (++seen[id] > 1) return bad_field("#/messages", "hold the id " + id + " twice");
        const auto [from, to] = children.equal_range(id);
        for (auto child = from; child != to; ++child) ordered.push_back(child->second);
    }
    if (ordered.size() != chat.messages.size())
        return bad_field("#/messages", "must each follow a message that is there");
    return ordered;
}

Task<Result<void>> store(db::Transaction& tx, Uuid owner, const ArchivedChat& chat) {
    const auto ordered = in_order(chat);
    if (!ordered) co_return ordered.error();
    std::unordered_map<std::string, MessageId> ids;
    for (const auto* message : *ordered) ids[message->client_id] = message->id;
    std::optional<MessageId> leaf;
    if (!ordered->empty()) leaf = ordered->back()->id;
    if (chat.shown && ids.contains(*chat.shown)) leaf = ids.at(*chat.shown);
    const auto thread = ThreadId::make();
    co_await tx.query(thread_sql, owner, thread, chat.title, chat.title_source, chat.materials, leaf,
                      chat.created_at, chat.updated_at, chat.only_materials);
    for (const auto* m : *ordered) {
        std::optional<MessageId> parent;
        if (m->parent) parent = ids.at(*m->parent);
        co_await tx.query(message_sql, owner, thread, m->id, m->client_id, parent, m->role, m->text,
                          m->sources, m->state, m->mode, m->model, m->error, m->finish_reason,
                          m->prompt_tokens, m->answer_tokens, m->created_at, m->proof);
    }
    co_await personal::remember(tx, owner, "chat", chat.ids.original, thread.value);
    co_return Result<void>();
}

}  // namespace

Task<Result<void>> PersonalChats::read(db::Transaction& tx, Uuid owner, personal::Import& import) {
    auto& tally = import.tallies["chats"];
    for (const auto& name : import.archive.names_below("chats/")) {
        if (!name.ends_with("/chat.json")) continue;
        auto parse = [&]() -> Result<ArchivedChat> {
            const auto body = import.archive.json(name);
            if (!body) return body.error();
            auto chat = read_chat(*body, import.here);
            if (!chat) return personal::in_file(name, chat.error());
            return chat;
        };
        const auto chat = co_await pool_.run(std::move(parse));
        if (!chat) co_return chat.error();
        // One that ends within the day anyway is not brought along.
        if (chat->temporary) continue;
        const auto here = co_await tx.query(here_sql, owner, chat->ids.original);
        if (!here.empty()) {
            ++tally.present;
            continue;
        }
        auto stored = co_await store(tx, owner, *chat);
        if (!stored) co_return personal::in_file(name, stored.error());
        ++tally.made;
    }
    co_return Result<void>();
}

}  // namespace bb::tutor
