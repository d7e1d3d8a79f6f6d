#include "features/materials/extract/bubblewrap.hpp"

#include <unistd.h>

#include <filesystem>
#include <mutex>

#include "base/core/log.hpp"
#include "features/materials/extract/cage.hpp"
#include "features/materials/extract/child.hpp"

namespace bb::materials::extract {
namespace {

constexpr const char* reader_inside = "/reader";
constexpr const char* room_for_temporary_files = "1048576";  // bytes
// No /proc, /dev, /home nor /var; of /etc what the loader looks into.
constexpr const char* seen_inside[] = {
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/usr/bin/pdftotext",
    "/usr/bin/pdfimages",
    "/usr/bin/pdftoppm",
    "/usr/bin/tesseract",
    "/usr/share/poppler",
    "/usr/share/tesseract-ocr",
    "/usr/share/fonts",
};

void append(std::vector<std::string>& words, std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
}

std::string first_line(const std::string& text) {
    return text.substr(0, std::min<std::size_t>(text.find('\n'), 200));
}

BubblewrapTrial outcome_of_trial(const Bubblewrap& bubblewrap, const char* reader) {
    if (!command_within(bubblewrap, {reader}))
        return {true, "this account cannot reach the program by its path, as bwrap has to"};
    const std::string words = "a file of ours";
    CageLimits limits;
    limits.time = std::chrono::seconds(10);
    limits.bubblewrap = bubblewrap;
    limits.program = reader;
    try {
        const auto ended = run_caged(read_kind, "file.txt", CagedFile(words), limits);
        if (ended.too_slow) return {true, "it takes too long"};
        if (ended.code == 0 && ended.output.find(words) != std::string::npos) return {true, {}};
        return {true, "the reader does not run in it: " + first_line(ended.complaints + ended.output)};
    } catch (const std::exception& fault) {
        return {true, first_line(fault.what())};
    }
}

/// What was found out, for all threads.
struct KnownBubblewrap {
    std::mutex mutex;
    std::optional<BubblewrapTrial> trial;
};

KnownBubblewrap& known_bubblewrap() {
    static KnownBubblewrap known;
    return known;
}

}  // namespace

std::optional<std::vector<std::string>> command_within(const Bubblewrap& bubblewrap,
                                                       const std::vector<std::string>& command) {
    std::error_code failed;
    const auto reader = std::filesystem::canonical(command.front(), failed);
    if (failed) return std::nullopt;
    std::vector<std::string> words = {bubblewrap.program,
                                      "--unshare-all",
                                      "--die-with-parent",
                                      "--new-session",
                                      "--clearenv",
                                      "--cap-drop",
                                      "ALL"};
    for (const char* path : seen_inside) append(words, {"--ro-bind-try", path, path});
    append(words, {"--size", room_for_temporary_files, "--tmpfs", "/tmp"});
    for (const auto& path : bubblewrap.also_seen) append(words, {"--ro-bind-try", path, path});
    append(words, {"--ro-bind", reader.string(), reader_inside});
    append(words, {"--remount-ro", "/", "--chdir", "/", "--", reader_inside});
    words.insert(words.end(), command.begin() + 1, command.end());
    return words;
}

BubblewrapTrial try_bubblewrap(const Bubblewrap& bubblewrap, const char* reader) {
    if (::access(bubblewrap.program.c_str(), X_OK) != 0) return {};
    return outcome_of_trial(bubblewrap, reader);
}

std::optional<Bubblewrap> bubblewrap_that_works() {
    const Bubblewrap bubblewrap;
    auto& known = known_bubblewrap();
    const std::lock_guard lock(known.mutex);
    if (!known.trial) {
        known.trial = try_bubblewrap(bubblewrap);
        const auto& reason = known.trial->installed ? known.trial->reason : "it is not installed";
        log::info("bubblewrap around the reading of files",
                  {{"used", known.trial->works()}, {"reason", reason}});
    }
    return known.trial->works() ? std::optional(bubblewrap) : std::nullopt;
}

void doubt_bubblewrap() {
    auto& known = known_bubblewrap();
    const std::lock_guard lock(known.mutex);
    known.trial.reset();
}

}  // namespace bb::materials::extract
