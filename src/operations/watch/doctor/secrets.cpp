#include "operations/watch/doctor/secrets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/config/env_file.hpp"
#include "base/core/time.hpp"

namespace bb::watch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t least_length = 16;
constexpr double least_bits = 64;
constexpr int most_days = 365;
/// Where deploy/systemd/brainbytes.service has its options from.
constexpr const char* unit_environment = "/etc/brainbytes/environment";
constexpr const char* new_text = "openssl rand -base64 32";

std::string plain_letters(std::string_view text) {
    std::string plain;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)))
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return plain;
}

bool holds_password(const config::Option& option, const std::string& value) {
    return option.kind == config::Kind::secret ? !value.empty() : config::masked(option, value) != value;
}

std::string words_for(const std::string& weakness, const config::Config& config, std::string_view name) {
    return fmt::format("{} (from {})", weakness, config.value(name).origin);
}

/// Makes it so that the server has the secret: where its value stands now.
std::string replace_it(const config::Config& config, std::string_view name) {
    const auto& origin = config.value(name).origin;
    const auto where = origin.starts_with("file ") ? "in the " + origin
                       : origin == "environment"   ? std::string("where its environment is set")
                       : origin == "database"      ? fmt::format("with brainbytes secret set {}", name)
                                                   : "in " + origin;
    return fmt::format("Make another with \"{}\", put it {}, then {}.", new_text, where,
                       service_command("restart"));
}

void look_at_server_secret(Findings& findings, const Subject& subject) {
    const auto& config = subject.config;
    const char* name = "BRAINBYTES_SECRET";
    if (config.is_set(name)) {
        const auto weakness = weakness_of(config.text(name));
        if (!weakness) return findings.ok(name, fmt::format("strong, from {}", config.value(name).origin));
        return findings.fail(
            name, words_for(*weakness, config, name),
            fmt::format("Put the old text into BRAINBYTES_SECRET_BEFORE and a new one, from \"{}\", into {}; "
                        "then {}, then brainbytes secret rotate.",
                        new_text, name, service_command("restart")));
    }
    if (!subject.home.managed)
        return findings.warn(
            name,
            "unset: it is derived from DATABASE_URL, so whoever knows that can open what is "
            "sealed, and a new database password voids it",
            fmt::format("Set {} to what \"{}\" prints; then {}, then brainbytes secret rotate.", name,
                        new_text, service_command("restart")));
    std::error_code failed;
    if (fs::exists(subject.home.data / "secret", failed))
        return findings.ok(name, fmt::format("made by the server, in {}/secret", subject.home.data.string()));
    findings.ok(name, "none yet: the first start of the server makes one");
}

/// The files that secrets are given in: of this folder, of the service, and those that NAME_FILE names.
std::map<fs::path, std::vector<std::string>> files_with_secrets(const Subject& subject) {
    std::map<fs::path, std::vector<std::string>> files;
    const auto stage = ".env." + subject.config.text("BRAINBYTES_STAGE");
    for (const auto& file : {subject.folder / ".env", subject.folder / ".env.local", subject.folder / stage,
                             fs::path(unit_environment)}) {
        std::ifstream in(file, std::ios::binary);
        if (!in) continue;
        auto names = secrets_in(std::string((std::istreambuf_iterator<char>(in)), {}));
        if (!names.empty()) files[file] = std::move(names);
    }
    for (const auto& option : config::options()) {
        const auto& value = subject.config.value(option.name);
        if (!value.origin.starts_with("file ") || !holds_password(option, value.text)) continue;
        const fs::path file = value.origin.substr(5);
        files[file.is_absolute() ? file : subject.folder / file].emplace_back(option.name);
    }
    std::error_code failed;
    for (const char* name : {"secret", "backup.key"})
        if (const auto file = subject.home.data / name; fs::exists(file, failed)) files[file] = {name};
    return files;
}

/// Everything that gives a secret is readable to its owner, and at most to a group.
bool is_closed(Findings& findings, const fs::path& file, const std::vector<std::string>& names,
               const struct stat& status) {
    const auto mode = status.st_mode & 07777;
    if ((mode & 0007) == 0) return true;
    findings.fail("secret files",
                  fmt::format("{} may be read by every account of this machine (mode {:04o}); it holds {}",
                              file.string(), mode, fmt::join(names, ", ")),
                  fmt::format("Close it: chmod 600 {}", file.string()));
    return false;
}

/// A file of one secret tells its age; of a file with many, any change would.
bool is_young(Findings& findings, const fs::path& file, const std::vector<std::string>& names,
              const struct stat& status) {
    const auto age = now() - Time(std::chrono::seconds(status.st_mtime));
    const auto days = std::chrono::duration_cast<std::chrono::hours>(age).count() / 24;
    if (names.size() != 1 || names.front() == "backup.key" || days <= most_days) return true;
    const bool sealing = names.front() == "secret" || names.front() == "BRAINBYTES_SECRET";
    findings.warn(
        "secret files", fmt::format("{} is {} days old", file.string(), days),
        sealing ? fmt::format("Give its text as BRAINBYTES_SECRET_BEFORE and a new BRAINBYTES_SECRET "
                              "(\"{}\"), {}, then brainbytes secret rotate.",
                              new_text, service_command("restart"))
                : fmt::format("Put a new {} into it, then {}.", names.front(), service_command("restart")));
    return false;
}

}  // namespace

double bits_of(std::string_view secret) {
    if (secret.empty()) return 0;
    std::array<int, 256> counts{};
    for (const char c : secret) ++counts[static_cast<unsigned char>(c)];
    double bits = 0;
    const auto size = static_cast<double>(secret.size());
    for (const int count : counts)
        if (count > 0) bits -= count * std::log2(count / size);
    return bits;
}

bool is_placeholder(std::string_view secret) {
    static const std::set<std::string, std::less<>> words = {
        "changeme", "changethis",  "alongrandomtext", "secret",         "password", "example",
        "test",     "todo",        "yoursecret",      "yoursecrethere", "default",  "betterauthsecret",
        "token",    "metricstoken"};
    auto plain = plain_letters(secret);
    // "changeme-changeme", "secret123": said twice, or counted, a word is still that word.
    while (!plain.empty() && std::isdigit(static_cast<unsigned char>(plain.back()))) plain.pop_back();
    for (std::size_t size = 1; size <= plain.size() / 2; ++size) {
        if (plain.size() % size != 0) continue;
        std::string again;
        while (again.size() < plain.size()) again += plain.substr(0, size);
        if (again == plain) plain.resize(size);
    }
    return words.contains(plain);
}

std::optional<std::string> weakness_of(std::string_view secret) {
    if (is_placeholder(secret)) return "it is a word from an example, which everybody knows";
    if (secret.size() < least_length)
        return fmt::format("it has {} characters; at least {} are needed", secret.size(), least_length);
    if (const auto bits = bits_of(secret); bits < least_bits)
        return fmt::format("it repeats itself: {:.0f} bits at most, and at least {:.0f} are needed", bits,
                           least_bits);
    return std::nullopt;
}

std::vector<std::string> secrets_in(std::string_view environment_file) {
    std::vector<std::string> names;
    const auto lines = config::parse_env(environment_file);
    if (!lines) return names;
    for (const auto& line : *lines)
        if (const auto* option = config::find_option(line.name);
            option && holds_password(*option, line.value))
            names.push_back(line.name);
    return names;
}

void look_at_strength(Findings& findings, const Subject& subject) {
    look_at_server_secret(findings, subject);
    const char* name = "METRICS_TOKEN";
    if (!subject.config.is_set(name))
        return findings.ok(name, "unset: /api/metrics answers this machine alone");
    const auto weakness = weakness_of(subject.config.text(name));
    if (!weakness) return findings.ok(name, "strong, from " + subject.config.value(name).origin);
    findings.fail(name, words_for(*weakness, subject.config, name), replace_it(subject.config, name));
}

void look_at_secret_files(Findings& findings, const Subject& subject) {
    const auto files = files_with_secrets(subject);
    std::vector<std::string> good;
    for (const auto& [file, names] : files) {
        struct stat status;
        if (::stat(file.c_str(), &status) != 0) {
            findings.warn("secret files",
                          fmt::format("{} cannot be looked at by account number {}: {}", file.string(),
                                      ::geteuid(), std::strerror(errno)),
                          fmt::format("Look yourself who may read it: ls -l {}", file.string()));
            continue;
        }
        const bool closed = is_closed(findings, file, names, status);
        const bool young = is_young(findings, file, names, status);
        if (closed && young) good.push_back(file.string());
    }
    if (files.empty()) return findings.ok("secret files", "no secret is given in a file");
    if (!good.empty())
        findings.ok("secret files",
                    fmt::format("closed to other accounts, and not old: {}", fmt::join(good, ", ")));
}

}  // namespace bb::watch
