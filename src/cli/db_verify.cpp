#include <fmt/format.h>

#include <algorithm>

#include "base/core/json_writer.hpp"
#include "base/db/checks.hpp"
#include "base/db/schema.hpp"
#include "cli/database.hpp"
#include "cli/db.hpp"

namespace bb::cli {
namespace {

struct Findings {
    std::vector<db::Difference> differences;
    std::vector<db::Check> checks;

    bool good() const {
        return differences.empty() && std::none_of(checks.begin(), checks.end(), [](const db::Check& one) {
                   return one.state == db::Check::State::failed;
               });
    }
};

void print_json(Context& context, const Findings& found) {
    JsonWriter json;
    json.object().field("matches", found.differences.empty()).key("differences").array();
    for (const auto& one : found.differences)
        json.object()
            .field("object", one.object)
            .field("expected", one.expected)
            .field("found", one.found)
            .end();
    json.end().key("checks").array();
    for (const auto& one : found.checks)
        json.object()
            .field("name", one.name)
            .field("state", db::name_of(one.state))
            .field("detail", one.detail)
            .end();
    context.out << json.end().end().take() << '\n';
}

void print_words(Context& context, const Findings& found) {
    for (const auto& one : found.differences) {
        if (!one.found)
            context.out << fmt::format("missing: {}: {}\n", one.object, *one.expected);
        else if (!one.expected)
            context.out << fmt::format("unexpected: {}: {}\n", one.object, *one.found);
        else
            context.out << fmt::format("different: {}: expected {}, found {}\n", one.object, *one.expected,
                                       *one.found);
    }
    for (const auto& one : found.checks)
        context.out << fmt::format("{}: {}: {}\n", db::name_of(one.state), one.name, one.detail);
    context.err << (found.differences.empty() ? "The schema is as the migrations make it.\n"
                                              : fmt::format("{} differences.\n", found.differences.size()));
}

}  // namespace

int verify_database(Context& context, bool as_json, bool deep) {
    return with_home(context, [&](db::Home& home) {
        db::Session session(home.conninfo());
        Findings found;
        found.differences = db::verify_schema(session, embedded::embedded_migrations());
        db::Session maintenance(home.superuser_conninfo().value_or(home.conninfo()));
        found.checks = db::check_database(session, maintenance, deep);
        as_json ? print_json(context, found) : print_words(context, found);
        return found.good() ? done : failed;
    });
}

}  // namespace bb::cli
