#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cli/data.hpp"
#include "features/accounts/privacy/retention.hpp"

namespace bb::cli {
namespace {

std::string kept_for(int months) {
    return months == 0 ? "for ever" : fmt::format("{} months after their last change", months);
}

Task<int> show(Context& context, db::Database& db) {
    const auto months = co_await accounts::read_retention(db);
    context.out << "chats\t" << kept_for(months.chats) << "\nmaterials\t" << kept_for(months.materials)
                << '\n';
    co_return done;
}

void print(Context& context, const personal::Expired& one, const personal::Months& months) {
    context.out << fmt::format("{}\t{}\tof {}\tnot changed since {}, kept {}\n", one.kind, one.id.text(),
                               one.owner.text(), to_rfc3339(one.last_used),
                               kept_for(one.kind == "chat" ? months.chats : months.materials));
}

Task<int> run(Context& context, db::Database& db, bool dry_run) {
    KeptData data(context.config, db);
    const auto months = co_await accounts::read_retention(db);
    std::size_t count = 0;
    for (;;) {
        const auto gone = co_await accounts::enforce_retention(data.keeping, dry_run);
        for (const auto& one : gone) print(context, one, months);
        count += gone.size();
        // Nothing goes in a dry run, so the first look is all there is to see.
        if (gone.empty() || dry_run) break;
    }
    context.err << count
                << (dry_run ? " would be deleted (at most 200 of a kind are shown).\n"
                            : " deleted; they can be restored for 30 days.\n");
    co_return done;
}

}  // namespace

void register_retention(CLI::App& app, Chosen& chosen) {
    auto* retention = app.add_subcommand("retention", "For how long what nobody uses is kept");
    retention->require_subcommand(1);
    auto* shown = retention->add_subcommand("show", "What is set");
    add_stage(*shown, chosen);
    shown->callback([&chosen] {
        chosen.action = [](Context& context) {
            return run_with_database(context.config,
                                     [&context](db::Database& db) { return show(context, db); });
        };
    });
    auto* enforced =
        retention->add_subcommand("run", "Delete what is kept no longer, as the server does hourly");
    add_stage(*enforced, chosen);
    const auto dry_run = std::make_shared<bool>(false);
    enforced->add_flag("--dry-run", *dry_run, "Only say what would go, and why");
    enforced->callback([&chosen, dry_run] {
        chosen.action = [dry_run](Context& context) {
            return run_with_database(
                context.config, [&context, dry_run](db::Database& db) { return run(context, db, *dry_run); });
        };
    });
}

}  // namespace bb::cli
