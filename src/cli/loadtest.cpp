#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/config/public_url.hpp"
#include "base/core/program.hpp"
#include "cli/deploy.hpp"
#include "cli/visitor.hpp"
#include "operations/stages/host.hpp"
#include "operations/verify/visit.hpp"

namespace bb::cli {
namespace {

using std::chrono::steady_clock;

constexpr const char* script = "scripts/load-test";
constexpr std::chrono::minutes longest_test{30};

struct LoadTestWords {
    std::string stage;
    std::string url;
};

/// A server, and a session there of the student that looks at installations.
verify::Visit::To visitor_of_stage(const LoadTestWords& words) {
    const auto stage = stage_of(words.stage);
    const auto url = words.url.empty() && !stage.domain.empty() ? stage.url() : words.url;
    if (url.empty()) throw std::runtime_error("The stage has no domain: say where it answers with --url.");
    const stages::Host host(stage, stage.hosts.front());
    host.brainbytes({"user", "create", verify::student_email}, {.may_fail = true});
    return {.url = url,
            .cookie = cookie_in(host.brainbytes({"user", "session", verify::student_email, "--json"}, {}))};
}

/// The exit code of the load test, which has its own end; one that does not come to it is killed.
int end_of(pid_t test) {
    for (const auto deadline = steady_clock::now() + longest_test;;) {
        if (const auto code = poll_end(test)) return *code;
        if (steady_clock::now() > deadline) {
            kill(-test, SIGKILL);
            return wait_for(test);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

int run_load_test(Context& context, const LoadTestWords& words) {
    if (!std::filesystem::exists(script))
        return context.fail(std::string("Run it in a clone of BrainBytes: there is no ") + script + " here.");
    DeployWords where;
    where.stage = words.stage;
    const auto visitor =
        is_remote(where)
            ? visitor_of_stage(words)
            : student_at(context, words.url.empty() ? config::public_url(context.config) : words.url,
                         context.config.text("SSL_CERT_FILE"));
    Launch how{.command = {std::filesystem::absolute(script), visitor.url},
               .folder = std::filesystem::current_path(),
               .out = STDOUT_FILENO,
               .error = STDERR_FILENO};
    for (char** one = environ; *one; ++one) how.environment.emplace_back(*one);
    how.environment.push_back("BRAINBYTES_COOKIE=" + visitor.cookie);
    const int code = end_of(launch(how));
    try {
        verify::Visit(visitor).sign_out();
    } catch (const std::exception& fault) {
        context.err << "Its session could not be ended: " << fault.what() << '\n';
    }
    return code == 0 ? done : context.fail("The load test did not pass: " + visitor.url);
}

}  // namespace

void register_loadtest(CLI::App& app, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "loadtest", "Load an installation of yours by load-test.yml, as its people would; in a clone");
    auto words = std::make_shared<LoadTestWords>();
    add_stage(*command, chosen);
    command->add_option("--url", words->url, "Its address, else the stage's domain or BRAINBYTES_URL");
    command->callback([&chosen, words] {
        words->stage = chosen.stage;
        chosen.action = [words](Context& context) {
            return run_load_test(context, *words);
        };
    });
}

}  // namespace bb::cli
