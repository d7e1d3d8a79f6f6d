#include "cli/seed.hpp"

#include "base/core/json_writer.hpp"
#include "base/db/database.hpp"
#include "features/accounts/people.hpp"
#include "features/materials/seed/seed.hpp"
#include "features/tutor/seed.hpp"

namespace bb::cli {
namespace {

using accounts::User;

/// The person of that address, made when missing.
Task<Result<User>> person(db::Database& db, accounts::NewPerson wanted) {
    accounts::People people(db);
    auto found = co_await people.find_by_email(wanted.email);
    if (found) co_return *found;
    auto made = co_await people.create(std::move(wanted));
    co_return made;
}

void print(Context& context, const User& administrator, const User& student, bool as_json) {
    if (as_json) {
        JsonWriter json;
        json.object();
        for (const auto* one : {&administrator, &student})
            json.key(one->role).object().field("id", one->id).field("email", one->email).end();
        context.out << json.end().take() << '\n';
        return;
    }
    context.out << administrator.role << ' ' << administrator.email << '\n';
    context.out << student.role << ' ' << student.email << '\n';
    context.err
        << "The demonstration school is there. Sign in with one of these addresses; without SMTP_URL the "
           "code is in the outbox folder of the data folder.\n";
}

Task<int> seed_school(Context& context, db::Database& db, bool as_json) {
    accounts::NewPerson first{"admin@example.org", "Alma Reyes", "administrator", "en"};
    const auto administrator = co_await person(db, std::move(first));
    if (!administrator) co_return context.fail(administrator.error());
    accounts::NewPerson second{"student@example.org", "Jun Santos", "student", "en"};
    const auto student = co_await person(db, std::move(second));
    if (!student) co_return context.fail(student.error());
    co_await materials::seed_materials(db, student->id);
    co_await tutor::seed_threads(db, student->id);
    print(context, *administrator, *student, as_json);
    co_return done;
}

}  // namespace

int seed(Context& context, bool as_json) {
    return run_with_database(
        context.config, [&context, as_json](db::Database& db) { return seed_school(context, db, as_json); });
}

}  // namespace bb::cli
