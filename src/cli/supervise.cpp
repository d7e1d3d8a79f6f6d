#include "app/supervise.hpp"

#include <CLI/CLI.hpp>

#include "cli/cli.hpp"

namespace bb::cli {

void register_supervise(CLI::App& app, Chosen& chosen) {
    auto* supervise = app.add_subcommand(
        "supervise", "Run the server, restart it when it ends, and change releases without a pause");
    add_stage(*supervise, chosen);
    supervise->callback([&chosen] {
        chosen.action = [](Context& context) {
            return app::supervise(context.config);
        };
    });
}

}  // namespace bb::cli
