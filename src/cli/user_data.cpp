#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/data.hpp"
#include "cli/person.hpp"
#include "features/accounts/privacy/account_data.hpp"
#include "features/accounts/privacy/archives.hpp"
#include "features/accounts/privacy/erasure.hpp"

namespace bb::cli {
namespace {

struct ExportOptions {
    std::string email;
    std::string out;
};

struct EraseOptions {
    std::string email;
    bool now = false;
    bool dry_run = false;
};

/// Makes the archive under another name first, so that FILE is whole or not there.
Task<int> export_user(Context& context, db::Database& db, ExportOptions options) {
    const auto user = co_await find_person(db, options.email);
    if (!user) co_return context.fail(user.error());
    const std::string part = options.out + ".part";
    const int fd = ::open(part.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) co_return context.fail("The file " + part + " cannot be made.");
    KeptData data(context.config, db);
    std::string fault;
    try {
        const auto made = co_await accounts::export_person(data.keeping, user->id, fd, audit::by_operator());
        if (!made) fault = made.error().detail;
    } catch (const std::exception& failure) {
        fault = failure.what();
    }
    const bool stored = ::fsync(fd) == 0;
    ::close(fd);
    if (fault.empty() && (!stored || std::rename(part.c_str(), options.out.c_str()) != 0))
        fault = "The file " + options.out + " cannot be written.";
    if (!fault.empty()) {
        ::unlink(part.c_str());
        co_return context.fail(fault);
    }
    context.err << "Everything that is kept of " << user->email << " is in " << options.out << ".\n";
    co_return done;
}

Task<int> show_what_goes(Context& context, db::Database& db, const accounts::User& user) {
    const auto kept = co_await accounts::kept_of(db, user.id);
    context.out << "materials\t" << kept.materials << "\nfiles\t" << kept.files << "\nbytes\t"
                << kept.file_bytes << "\nchats\t" << kept.chats << "\nmessages\t" << kept.messages
                << "\nsessions\t" << kept.sessions << '\n';
    context.err << "This would go with the account of " << user.email << ". Nothing was changed.\n";
    co_return done;
}

Task<int> erase_user(Context& context, db::Database& db, EraseOptions options) {
    const auto user = co_await find_person(db, options.email);
    if (!user) co_return context.fail(user.error());
    if (options.dry_run) co_return co_await show_what_goes(context, db, *user);
    if (!options.now) {
        const auto at = co_await accounts::request_erasure(db, user->id, audit::by_operator());
        if (!at) co_return context.fail(at.error());
        context.err << user->email << " is erased at " << to_rfc3339(*at)
                    << ", unless they sign in before. Their sessions have ended.\n";
        co_return done;
    }
    KeptData data(context.config, db);
    const auto gone = co_await accounts::erase_person(data.keeping, user->id, audit::by_operator());
    if (!gone) co_return context.fail(gone.error());
    context.err << "Erased. The audit log knows the account as " << user->id.text() << ".\n";
    co_return done;
}

}  // namespace

void add_user_export(CLI::App& user, Chosen& chosen) {
    auto* command =
        user.add_subcommand("export", "Write everything that is kept of a person into a ZIP file");
    add_stage(*command, chosen);
    const auto options = std::make_shared<ExportOptions>();
    command->add_option("email", options->email, "Address of the person")->required();
    command->add_option("--out", options->out, "File to write")->required();
    command->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return export_user(context, db, *options);
            });
        };
    });
}

void add_user_erase(CLI::App& user, Chosen& chosen) {
    auto* command = user.add_subcommand(
        "erase", "Erase an account and everything of its person, in seven days or at once");
    add_stage(*command, chosen);
    const auto options = std::make_shared<EraseOptions>();
    command->add_option("email", options->email, "Address of the person")->required();
    command->add_flag("--now", options->now, "At once; it cannot be undone");
    command->add_flag("--dry-run", options->dry_run, "Only say what would go");
    command->callback([&chosen, options] {
        chosen.action = [options](Context& context) {
            return run_with_database(context.config, [&context, options](db::Database& db) {
                return erase_user(context, db, *options);
            });
        };
    });
}

}  // namespace bb::cli
