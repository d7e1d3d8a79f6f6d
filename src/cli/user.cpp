#include <CLI/CLI.hpp>
#include <memory>

#include "base/config/public_url.hpp"
#include "base/core/address.hpp"
#include "base/core/json_writer.hpp"
#include "cli/cli.hpp"
#include "cli/person.hpp"
#include "features/accounts/administration.hpp"
#include "features/accounts/cookie.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/sessions.hpp"

namespace bb::cli {
namespace {

using accounts::User;

struct CreateOptions {
    std::string email;
    std::string role = "student";
    std::string name;
    std::string language = "en";
};

struct SessionOptions {
    std::string email;
    bool json = false;
};

void write_user(JsonWriter& json, const User& user) {
    json.object()
        .field("id", user.id)
        .field("email", user.email)
        .field("name", user.name)
        .field("role", user.role)
        .field("state", user.state())
        .field("language", user.language)
        .field("createdAt", user.created_at)
        .field("lastSeenAt", user.last_seen_at)
        .end();
}

Task<int> create_user(Context& context, db::Database& db, accounts::NewPerson person) {
    accounts::People people(db);
    const auto user = co_await people.create(std::move(person));
    if (!user) co_return context.fail(user.error());
    context.out << user->id.text() << '\n';
    context.err << "Made an account for " << user->email << " (" << user->role << ").\n";
    co_return done;
}

int run_create(Context& context, const CreateOptions& options) {
    const auto email = parse_address(options.email);
    if (!email) {
        context.fail("\"" + options.email + "\" is not an e-mail address.");
        return wrong_usage;
    }
    accounts::NewPerson person{*email, options.name, options.role, options.language};
    if (person.name.empty()) person.name = name_from_address(*email);
    return run_with_database(
        context.config, [&context, &person](db::Database& db) { return create_user(context, db, person); });
}

Task<int> list_users(Context& context, db::Database& db, bool as_json) {
    accounts::People people(db);
    const auto everyone = co_await people.list_everyone();
    if (!as_json) {
        for (const auto& user : everyone)
            context.out << user.email << '\t' << user.role << '\t' << user.state() << '\t' << user.name
                        << '\t' << to_rfc3339(user.created_at) << '\n';
        co_return done;
    }
    JsonWriter json;
    json.object().key("users").array();
    for (const auto& user : everyone) write_user(json, user);
    json.end().end();
    context.out << json.text() << '\n';
    co_return done;
}

Task<int> open_session(Context& context, db::Database& db, SessionOptions options) {
    const auto user = co_await find_person(db, options.email);
    if (!user) co_return context.fail(user.error());
    if (user->suspended_at) co_return context.fail("The account of " + user->email + " is suspended.");

    accounts::Sessions sessions(db);
    const bool leaving = co_await sessions.waits_for_erasure(user->id);
    if (leaving)
        co_return context.fail("The account of " + user->email +
                               " waits to be erased; only its person can call that off, by signing in.");
    const accounts::Client client{"Command line", ""};
    const auto session = co_await sessions.begin(user->id, client);
    const bool https = config::public_url(context.config).starts_with("https://");
    const auto cookie = std::string(accounts::cookie_name(https)) + "=" + session.token;
    if (options.json) {
        JsonWriter json;
        json.object().field("cookie", cookie).field("expiresAt", session.expires_at).end();
        context.out << json.text() << '\n';
    } else {
        context.out << cookie << '\n';
        context.err << "Good until " << to_rfc3339(session.expires_at) << " if it is not used before.\n";
    }
    co_return done;
}

Task<int> change_user(Context& context, db::Database& db, std::string email, accounts::PersonChange change) {
    const auto user = co_await find_person(db, std::move(email));
    if (!user) co_return context.fail(user.error());
    accounts::Administration administration(db);
    const accounts::Client client{"Command line", ""};
    const http::IfMatch whatever_holds;
    const auto changed =
        co_await administration.change(user->id, change, whatever_holds, audit::by_operator(), client);
    if (!changed) co_return context.fail(changed.error());
    const auto& now = changed->record.row.user;
    context.err << now.email << " is " << now.role << ", " << now.state() << '.'
                << (changed->ended_sessions ? " Their sessions have ended.\n" : " Nothing changed.\n");
    co_return done;
}

/// What a command does with one person.
struct ChangeOptions {
    std::string email;
    accounts::PersonChange change;
};

std::shared_ptr<ChangeOptions> add_change(CLI::App& command, Chosen& chosen) {
    add_stage(command, chosen);
    const auto options = std::make_shared<ChangeOptions>();
    command.add_option("email", options->email, "Address of the person")->required();
    command.callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return change_user(context, db, options->email, options->change);
            });
        };
    });
    return options;
}

void add_role(CLI::App& user, Chosen& chosen) {
    auto* role = user.add_subcommand("role", "Give a person another role; their sessions end");
    const auto options = add_change(*role, chosen);
    role->add_option("role", options->change.role, "student, teacher or administrator")
        ->required()
        ->check(CLI::IsMember({"student", "teacher", "administrator"}));
}

void add_suspension(CLI::App& user, Chosen& chosen) {
    auto* suspend = user.add_subcommand("suspend", "Let a person in no more; their sessions end");
    add_change(*suspend, chosen)->change.suspended = true;
    auto* unsuspend = user.add_subcommand("unsuspend", "Let a suspended person in again");
    add_change(*unsuspend, chosen)->change.suspended = false;
}

void add_create(CLI::App& user, Chosen& chosen) {
    auto* create = user.add_subcommand("create", "Make an account");
    add_stage(*create, chosen);
    const auto options = std::make_shared<CreateOptions>();
    create->add_option("email", options->email, "Address of the person")->required();
    create->add_option("--role", options->role, "student, teacher or administrator")
        ->check(CLI::IsMember({"student", "teacher", "administrator"}))
        ->capture_default_str();
    create->add_option("--name", options->name, "Name; without it, what stands before the @");
    create->add_option("--language", options->language, "en or fil")
        ->check(CLI::IsMember({"en", "fil"}))
        ->capture_default_str();
    create->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_create(context, *options);
        };
    });
}

void add_list(CLI::App& user, Chosen& chosen) {
    auto* list = user.add_subcommand("list", "Show everyone who has an account");
    add_stage(*list, chosen);
    const auto json = std::make_shared<bool>(false);
    list->add_flag("--json", *json, "Print one JSON object: {\"users\":[...]}");
    list->callback([&chosen, json] {
        chosen.action = [json](Context& context) {
            return run_with_database(context.config, [&context, json](db::Database& db) {
                return list_users(context, db, *json);
            });
        };
    });
}

void add_session(CLI::App& user, Chosen& chosen) {
    auto* session = user.add_subcommand("session", "Begin a session for automation and print its cookie");
    add_stage(*session, chosen);
    const auto options = std::make_shared<SessionOptions>();
    session->add_option("email", options->email, "Address of the person")->required();
    session->add_flag("--json", options->json, "Print {\"cookie\":\"name=value\",\"expiresAt\":...}");
    session->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return open_session(context, db, *options);
            });
        };
    });
}

}  // namespace

void register_user(CLI::App& app, Chosen& chosen) {
    auto* user = app.add_subcommand("user", "People and their sessions");
    user->require_subcommand(1);
    add_create(*user, chosen);
    add_list(*user, chosen);
    add_session(*user, chosen);
    add_role(*user, chosen);
    add_suspension(*user, chosen);
    add_user_export(*user, chosen);
    add_user_erase(*user, chosen);
}

}  // namespace bb::cli
