#include "cli/visitor.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::cli {

std::string output_of_own(const Context& context, std::vector<std::string> words, bool may_fail) {
    words.insert(words.begin(), "/proc/self/exe");
    std::vector<std::string> environment;
    for (const auto& [name, value] : config::process_environment())
        environment.push_back(fmt::format("{}={}", name, value));
    environment.push_back("BRAINBYTES_STAGE=" + context.config.text("BRAINBYTES_STAGE"));
    environment.push_back("BRAINBYTES_DATA=" + context.config.text("BRAINBYTES_DATA"));
    return safety::output_of(
        std::move(words), std::move(environment), [] {}, std::filesystem::current_path(), may_fail);
}

std::string cookie_in(const std::string& json) {
    const auto session = parse_json(json);
    if (!session) throw std::runtime_error("\"user session\" cannot be read.");
    return std::string(session->at("cookie").as_string());
}

std::string session_of(const Context& context, const std::string& email) {
    return cookie_in(output_of_own(context, {"user", "session", email, "--json"}));
}

verify::Visit::To student_at(const Context& context, const std::string& url, const std::string& ca_file) {
    try {
        output_of_own(context, {"user", "create", verify::student_email});
    } catch (const std::runtime_error&) {
        // Of an earlier look.
    }
    return {.url = url, .cookie = session_of(context, verify::student_email), .ca_file = ca_file};
}

}  // namespace bb::cli
