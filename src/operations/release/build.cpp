#include "operations/release/build.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/core/hasher.hpp"
#include "base/core/new_file.hpp"
#include "base/core/program.hpp"
#include "base/core/uuid.hpp"
#include "base/http/file_body.hpp"
#include "operations/release/package.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

constexpr int commit_digits = 12;
// Of the person who builds: where packages come from, and the compiler's cache.
constexpr std::array handed_on = {"BB_PACKAGES", "CCACHE_DIR", "CCACHE_DISABLE", "http_proxy",
                                  "https_proxy", "no_proxy",   "TMPDIR"};

using Words = std::vector<std::string>;

/// What a program prints, without the line's end. Throws std::runtime_error with its last words.
std::string output_of(Words words) {
    words.insert(words.begin(), "/usr/bin/env");
    auto text = safety::output_of(std::move(words), {}, [] {});
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

/// git in a clone, whoever owns it: what it holds is compiled and run anyway.
std::string git(const fs::path& clone, Words words) {
    const Words before = {"git", "-c", "safe.directory=*", "-C", clone.string()};
    words.insert(words.begin(), before.begin(), before.end());
    return output_of(std::move(words));
}

void run(const fs::path& folder, Words words) {
    const auto name = words.front();
    words.insert(words.begin(), "/usr/bin/env");
    Launch launch_plan;
    launch_plan.command = std::move(words);
    launch_plan.folder = folder;
    launch_plan.out = launch_plan.error = STDERR_FILENO;
    for (const char* name : handed_on)
        if (const char* value = std::getenv(name))
            launch_plan.environment.push_back(fmt::format("{}={}", name, value));
    const int code = wait_for(launch(launch_plan));
    if (code != 0) throw std::runtime_error(fmt::format("{} failed (exit code {}).", name, code));
}

/// A commit checked out beside the clone's own files, for a while.
class Checkout {
public:
    Checkout(fs::path root, const std::string& commit)
        : root_(std::move(root)),
          folder_(fs::temp_directory_path() / ("brainbytes-release-" + Uuid::make().text())) {
        git(root_, {"worktree", "prune"});  // of those whose folder has gone
        git(root_, {"worktree", "add", "--quiet", "--detach", folder_.string(), commit});
    }
    ~Checkout() {
        try {
            git(root_, {"worktree", "remove", "--force", folder_.string()});
        } catch (const std::exception&) {
            // `git worktree prune` forgets it once the folder is gone.
        }
    }
    Checkout(const Checkout&) = delete;

    const fs::path& folder() const { return folder_; }

private:
    fs::path root_;
    fs::path folder_;
};

std::string sha256_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    crypto::Hasher hasher;
    std::string chunk(256 * 1024, '\0');
    while (in) {
        in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        hasher.add(std::string_view(chunk).substr(0, static_cast<std::size_t>(in.gcount())));
    }
    if (!in.eof()) throw std::runtime_error(fmt::format("{} cannot be read.", file.string()));
    return crypto::hex(hasher.finish());
}

/// What the program to pack says of itself, with the time that the repository knows.
About about_of(const fs::path& program, const BuildPlan& plan, const std::string& commit,
               const fs::path& root) {
    auto about = about_from(output_of({program.string(), "release", "about"}));
    if (!about)
        throw std::runtime_error(
            fmt::format("{} is no program of ours: {}", program.string(), about.error().detail));
    if (commit.compare(0, commit_digits, about->commit) != 0)
        throw std::runtime_error(
            fmt::format("{} was built from the commit {}, not from {}: build it again, or name "
                        "its commit with --commit.",
                        program.string(), about->commit, commit.substr(0, commit_digits)));
    const auto seconds = git(root, {"show", "--no-patch", "--format=%ct", commit});
    about->committed_at = Time(std::chrono::seconds(std::stoll(seconds)));
    about->prebuilt = !plan.program.empty();
    return *about;
}

/// Writes the archive under a name that is none yet, signs it, and only then names both.
BuiltRelease publish(const About& about, const fs::path& program, const fs::path& papers,
                     const BuildPlan& plan) {
    fs::create_directories(plan.out);
    const auto archive =
        fs::canonical(plan.out) / fmt::format("brainbytes-{}-{}.tar.zst", about.name(), about.target);
    const auto unfinished = archive.string() + ".unfinished";
    fs::remove(unfinished);  // of a build that was broken off
    pack(about, program, papers, unfinished);
    const auto sum = sha256_of(unfinished);
    const auto signature = sign(unfinished, plan.key,
                                fmt::format("brainbytes {} {} sha256:{}", about.name(), about.target, sum));
    const auto beside = archive.string() + ".minisig";
    fs::remove(beside + ".unfinished");
    write_new_file(beside + ".unfinished", signature, 0644);
    fs::rename(unfinished, archive);
    fs::rename(beside + ".unfinished", beside);
    return {about, archive, sum};
}

}  // namespace

BuiltRelease build_release(const BuildPlan& plan) {
    const fs::path root = git(plan.source, {"rev-parse", "--show-toplevel"});
    const auto commit = git(root, {"rev-parse", "--verify", plan.commit + "^{commit}"});
    const Checkout checkout(root, commit);
    const auto& folder = checkout.folder();
    auto program = plan.program;
    if (program.empty()) {
        plan.say(fmt::format("Compiling {}.", commit.substr(0, commit_digits)));
        run(folder, {"scripts/packages", "run", "build"});
        run(folder, {"scripts/build"});
        program = folder / "bin" / program_name;
    }
    const auto papers = folder / "build" / "papers";
    fs::create_directories(papers);
    const auto stripped = papers / program_name;
    // Lines and names of the source are of no use on a host, and two thirds of the bytes.
    output_of({"strip", "--strip-debug", "-o", stripped.string(), program.string()});
    const auto about = about_of(program, plan, commit, root);
    plan.say("Writing the papers.");
    run(folder, {"scripts/release-papers.mjs", stripped.string(), papers.string(),
                 about.prebuilt ? "prebuilt" : "compiled"});
    return publish(about, stripped, papers, plan);
}

}  // namespace bb::release
