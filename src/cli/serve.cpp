#include "app/serve.hpp"

#include <CLI/CLI.hpp>

#include "cli/cli.hpp"

namespace bb::cli {

void register_serve(CLI::App& app, Chosen& chosen) {
    auto* serve = app.add_subcommand("serve", "Start the server");
    add_stage(*serve, chosen);
    serve->callback([&chosen] {
        chosen.action = [](Context& context) {
            return app::serve(context.config);
        };
    });
}

}  // namespace bb::cli
