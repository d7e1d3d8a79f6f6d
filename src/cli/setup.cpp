#include <CLI/CLI.hpp>

#include "base/config/public_url.hpp"
#include "cli/cli.hpp"
#include "features/accounts/sign_in.hpp"

namespace bb::cli {
namespace {

Task<int> make_link(Context& context, db::Database& db) {
    auto origin = config::public_url(context.config);
    const auto link = co_await accounts::create_setup_link(db, std::move(origin));
    if (!link)
        co_return context.fail("There is an administrator already; `brainbytes user create` makes another.");
    context.out << *link << '\n';
    context.err << "Whoever opens this link within 30 minutes becomes the first administrator.\n";
    co_return done;
}

}  // namespace

void register_setup(CLI::App& app, Chosen& chosen) {
    auto* setup = app.add_subcommand("setup", "Print the one-time link for the first administrator");
    add_stage(*setup, chosen);
    setup->callback([&chosen] {
        chosen.action = [](Context& context) {
            return run_with_database(context.config,
                                     [&context](db::Database& db) { return make_link(context, db); });
        };
    });
}

}  // namespace bb::cli
