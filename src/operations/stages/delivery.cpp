#include "operations/stages/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>

#include "base/core/hasher.hpp"
#include "base/core/json_reader.hpp"
#include "operations/release/minisign.hpp"

namespace bb::stages {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes longest_upload{30};
constexpr std::size_t piece = 1 << 20;
constexpr const char* header = "# Written by \"brainbytes deploy";

std::string hash_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file.string() + " cannot be read");
    crypto::Hasher hasher;
    for (std::string chunk(piece, '\0'); in;) {
        in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        hasher.add(std::string_view(chunk).substr(0, static_cast<std::size_t>(in.gcount())));
    }
    return crypto::hex(hasher.finish());
}

std::string hash_of_text(const std::string& text) {
    crypto::Hasher hasher;
    hasher.add(text);
    return crypto::hex(hasher.finish());
}

/// A line that tells what a deployment has written from what was there before.
std::string written_for(const std::string& release) {
    return fmt::format("# For {}.", release);
}

/// What ends early looks like a whole file to who reads it.
std::string receiving(const std::string& path, const std::string& hash, const char* mode) {
    return fmt::format(
        "umask 077; cat > {0}.new && [ \"$(sha256sum < {0}.new | cut -c 1-64)\" = {1} ] && chmod {2} {0}.new "
        "&& "
        "mv {0}.new {0} || {{ rm -f {0}.new; echo {0}' did not arrive whole' >&2; exit 1; }}",
        shell_word(path), hash, mode);
}

std::string environment_file(const Stage& stage) {
    return stage.data + "/.env." + stage.name;
}

}  // namespace

void put_file(const Host& host, const fs::path& file, const std::string& path, const char* mode) {
    host.shell(receiving(path, hash_of(file), mode), {.limit = longest_upload, .input = file});
}

void put_text(const Host& host, const std::string& text, const std::string& path, const char* mode) {
    host.shell(receiving(path, hash_of_text(text), mode), {.input_text = text});
}

bool has_release(const Host& host, const std::string& name, const fs::path& archive) {
    const auto told = parse_json(host.brainbytes({"release", "list", "--json"}, {}));
    const auto* list = told && told->is_object() ? told->get_object().if_contains("releases") : nullptr;
    if (!list || !list->is_array())
        throw std::runtime_error(host.name() + ": \"release list\" cannot be read");
    const auto hash = archive.empty() ? std::string() : release::signed_hash(archive);
    const auto& all = list->get_array();
    return std::any_of(all.begin(), all.end(), [&](const auto& value) {
        const auto& one = value.as_object();
        if (text_member(one, "version") != name) return false;
        const auto* trusted = one.if_contains("trusted");  // a release before told neither
        return archive.empty() ||
               (text_member(one, "blake2b") == hash && trusted && *trusted == boost::json::value(true));
    });
}

void bring_archive(const Host& host, const fs::path& archive, bool may_be_older) {
    auto folder =
        host.shell("d=$(mktemp -d /tmp/brainbytes-XXXXXXXX) && chmod 755 \"$d\" && echo \"$d\"", {});
    while (!folder.empty() && folder.back() == '\n') folder.pop_back();
    const auto take_away = [&]() {
        host.shell("rm -rf " + shell_word(folder), {.may_fail = true});
    };
    const auto file = folder + "/" + archive.filename().string();
    std::string fault;
    try {
        for (const std::string suffix : {"", ".minisig"})
            put_file(host, archive.string() + suffix, file + suffix, "644");
        std::vector<std::string> words = {"release", "install", file};
        if (may_be_older) words.emplace_back("--older");
        host.brainbytes(std::move(words), {.limit = longest_upload});
    } catch (const std::exception& failure) {
        fault = failure.what();
    }
    try {
        take_away();
    } catch (const std::exception&) {
        // It lies in /tmp and changes nothing; if the host has gone, the next step says so.
    }
    if (!fault.empty()) throw std::runtime_error(fault);
}

void bring_key(const Stage& stage, const Host& host, const fs::path& key) {
    const auto there = stage.data + "/release.pub";
    put_file(host, key, there, "644");
    host.brainbytes({"release", "trust", there}, {});
}

Written write_environment(const Stage& stage, const Host& host, const std::string& release, bool resumes) {
    const auto file = shell_word(environment_file(stage));
    auto text = fmt::format("{} --stage {}\" from {}.\n{}\n", header, stage.name, stage_file_name,
                            written_for(release));
    for (const auto& [name, value] : stage.environment) text += fmt::format("{}='{}'\n", name, value);
    const auto look = fmt::format(
        "if [ -s {0} ] && ! head -n 1 {0} | grep -q {1}; then echo {0}' holds options that no "
        "deployment has written: move them to .env beside it' >&2; exit 1; fi; "
        "if [ {2} = 0 ] || ! grep -qxF {3} {0}; then rm -f {0}.before; [ ! -e {0} ] || cp -p {0} {0}.before; "
        "fi; "
        "[ -e {0} ] || echo none; [ \"$(sha256sum <{0} | cut -c 1-64)\" != {4} ] || echo same",
        file, shell_word("^" + std::string(header)), resumes ? 1 : 0, shell_word(written_for(release)),
        hash_of_text(text));
    const auto there = host.shell(look, {});
    if (there == "same\n") return Written::same;
    if (there == "none\n" && stage.environment.empty()) return Written::nothing;
    put_text(host, text, environment_file(stage), "600");
    host.shell(fmt::format("chown --reference={} {}", shell_word(stage.data), file), {});
    return Written::other;
}

void restore_environment(const Stage& stage, const Host& host, const std::string& release) {
    const auto file = shell_word(environment_file(stage));
    const auto only =
        release.empty() ? std::string()
                        : fmt::format("grep -qsxF {} {} || exit 0; ", shell_word(written_for(release)), file);
    host.shell(fmt::format("{1}if [ -e {0}.before ]; then mv {0}.before {0}; else rm -f {0}; fi", file, only),
               {});
}

void write_contacts(const Stage& stage, const Host& host) {
    const auto file = stage.data + "/" + stage_file_name;
    const auto head = fmt::format("{} --stage {}\" from {}.\n", header, stage.name, stage_file_name);
    if (stage.contacts.empty()) {  // those that a deployment brought go with it, others stay
        host.shell(fmt::format("! head -n 1 {0} 2>/dev/null | grep -q {1} || rm -f {0}", shell_word(file),
                               shell_word("^" + std::string(header))),
                   {});
        return;
    }
    put_text(host, head + stage.contacts, file, "600");
    host.shell(fmt::format("chown --reference={} {}", shell_word(stage.data), shell_word(file)), {});
}

}  // namespace bb::stages
