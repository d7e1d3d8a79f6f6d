#include <CLI/CLI.hpp>
#include <memory>

#include "base/core/json_writer.hpp"
#include "cli/cli.hpp"
#include "cli/person.hpp"
#include "features/accounts/keys.hpp"

namespace bb::cli {
namespace {

struct ListOptions {
    std::string email;
    bool json = false;
};

std::string joined(const std::vector<std::string>& scopes) {
    std::string out;
    for (const auto& scope : scopes) out += (out.empty() ? "" : ",") + scope;
    return out;
}

std::string used_at(const accounts::ApiKey& key) {
    return key.last_used_at ? to_rfc3339(*key.last_used_at) : "never";
}

void write_key(JsonWriter& json, const accounts::ApiKey& key) {
    json.object().field("id", key.id).field("name", key.name).field("scopes", joined(key.scopes));
    json.field("start", key.start)
        .field("createdAt", key.created_at)
        .field("expiresAt", key.expires_at)
        .field("lastUsedAt", key.last_used_at)
        .field("lastUsedNetwork", key.last_used_network)
        .end();
}

Task<int> list_keys(Context& context, db::Database& db, ListOptions options) {
    const auto person = co_await find_person(db, options.email);
    if (!person) co_return context.fail(person.error());
    accounts::Keys keys(db);
    const auto list = co_await keys.list(person->id);
    if (!options.json) {
        for (const auto& key : list)
            context.out << key.id.text() << '\t' << key.start << "...\t" << joined(key.scopes) << '\t'
                        << to_rfc3339(key.expires_at) << '\t' << used_at(key) << '\t' << key.name << '\n';
        co_return done;
    }
    JsonWriter json;
    json.object().key("keys").array();
    for (const auto& key : list) write_key(json, key);
    json.end().end();
    context.out << json.text() << '\n';
    co_return done;
}

Task<int> revoke_key(Context& context, db::Database& db, accounts::KeyId id) {
    accounts::Keys keys(db);
    const auto ended = co_await keys.revoke_of_any_owner(id);
    if (!ended) co_return context.fail(ended.error());
    context.err << "The key opens nothing any more.\n";
    co_return done;
}

int run_revoke(Context& context, const std::string& text) {
    const auto id = accounts::KeyId::parse(text);
    if (!id) {
        context.fail("\"" + text + "\" is not the id of a key; \"brainbytes key list\" shows them.");
        return wrong_usage;
    }
    return run_with_database(context.config,
                             [&context, id](db::Database& db) { return revoke_key(context, db, *id); });
}

void add_list(CLI::App& key, Chosen& chosen) {
    auto* list = key.add_subcommand("list", "Show the API keys of a person");
    add_stage(*list, chosen);
    const auto options = std::make_shared<ListOptions>();
    list->add_option("email", options->email, "Address of the person")->required();
    list->add_flag("--json", options->json, "Print one JSON object: {\"keys\":[...]}");
    list->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return list_keys(context, db, *options);
            });
        };
    });
}

void add_revoke(CLI::App& key, Chosen& chosen) {
    auto* revoke = key.add_subcommand("revoke", "End an API key at once, everywhere");
    add_stage(*revoke, chosen);
    const auto id = std::make_shared<std::string>();
    revoke->add_option("id", *id, "Id of the key")->required();
    revoke->callback([&chosen, id] {
        chosen.action = [id](Context& context) {
            return run_revoke(context, *id);
        };
    });
}

}  // namespace

void register_key(CLI::App& app, Chosen& chosen) {
    auto* key = app.add_subcommand("key", "API keys of people");
    key->require_subcommand(1);
    add_list(*key, chosen);
    add_revoke(*key, chosen);
}

}  // namespace bb::cli
