#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/config/public_url.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/program.hpp"
#include "cli/deploy.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/stages/host.hpp"
#include "operations/verify/visit.hpp"

namespace bb::cli {
namespace {

constexpr const char* script = "scripts/load-test";

struct Words {
    std::string stage;
    std::string url;
};

std::string cookie_in(const std::string& json) {
    const auto session = parse_json(json);
    if (!session) throw std::runtime_error("\"user session\" cannot be read.");
    return std::string(session->at("cookie").as_string());
}

/// A server, and a session there of the student that looks at installations.
verify::Visit::To visitor_of_stage(const Words& words) {
    const auto stage = stage_of(words.stage);
    const auto url = words.url.empty() && !stage.domain.empty() ? stage.url() : words.url;
    if (url.empty()) throw std::runtime_error("The stage has no domain: say where it answers with --url.");
    const stages::Host host(stage, stage.hosts.front());
    host.brainbytes({"user", "create", verify::student_email}, {.may_fail = true});
    return {.url = url,
            .cookie = cookie_in(host.brainbytes({"user", "session", verify::student_email, "--json"}, {}))};
}

verify::Visit::To visitor_here(const Context& context, const Words& words) {
    const auto own = [&](std::vector<std::string> typed) {
        typed.insert(typed.begin(), "/proc/self/exe");
        return safety::output_of(
            std::move(typed), {"BRAINBYTES_DATA=" + context.config.text("BRAINBYTES_DATA")}, [] {},
            std::filesystem::current_path(), true);
    };
    try {
        own({"user", "create", verify::student_email});
    } catch (const std::runtime_error&) {
        // Of an earlier look.
    }
    return {.url = words.url.empty() ? config::public_url(context.config) : words.url,
            .cookie = cookie_in(own({"user", "session", verify::student_email, "--json"}))};
}

int run(Context& context, const Words& words) {
    if (!std::filesystem::exists(script))
        return context.fail(std::string("Run it in a clone of BrainBytes: there is no ") + script + " here.");
    DeployWords where;
    where.stage = words.stage;
    const auto visitor = is_remote(where) ? visitor_of_stage(words) : visitor_here(context, words);
    Launch how{.command = {std::filesystem::absolute(script), visitor.url},
               .folder = std::filesystem::current_path(),
               .out = STDOUT_FILENO,
               .error = STDERR_FILENO};
    for (char** one = environ; *one; ++one) how.environment.emplace_back(*one);
    how.environment.push_back("BRAINBYTES_COOKIE=" + visitor.cookie);
    const int code = wait_for(launch(how));
    verify::Visit(visitor).sign_out();
    return code == 0 ? done : context.fail("The load test did not pass: " + visitor.url);
}

}  // namespace

void register_loadtest(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "loadtest", "Load an installation of yours by load-test.yml, as its people would; in a clone");
    auto words = std::make_shared<Words>();
    add_stage(*command, chosen);
    command->add_option("--url", words->url, "Its address, else the stage's domain or BRAINBYTES_URL");
    command->callback([&chosen, words] {
        words->stage = chosen.stage;
        chosen.action = [words](Context& context) {
            return run(context, *words);
        };
    });
}

}  // namespace bb::cli
