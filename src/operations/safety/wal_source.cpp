#include "operations/safety/wal_source.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/core/number.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds look_every{3}, wait_for_it{5};
constexpr std::string_view asked = ".ask", nothing_there = ".no", gone_wrong = "bad";
constexpr std::string_view fetching_word = "fetch-log";
constexpr int fetched = 0, no_such_segment = 1, end_of_recovery = 200;  // above 128

/// For a throw-away server: it is no loss when the disk does not have it yet.
void write_unsynced(const fs::path& file, std::string_view bytes) {
    const fs::path part = file.string() + ".part";
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error(fmt::format("{} cannot be written. Is the disk full?", file.string()));
    fs::rename(part, file);
}

/// Asks the process `source` for a segment and puts it where the server wants it.
int fetch(const fs::path& folder, const std::string& file, const fs::path& into, pid_t source) {
    if (!std::ofstream(folder / (file + std::string(asked)))) return end_of_recovery;
    for (; ::kill(source, 0) == 0; std::this_thread::sleep_for(wait_for_it)) {
        if (fs::exists(folder / gone_wrong)) return end_of_recovery;
        if (fs::remove(folder / (file + std::string(nothing_there)))) return no_such_segment;
        if (!fs::exists(folder / file)) continue;
        fs::rename(folder / file, into);
        return fetched;
    }
    return end_of_recovery;
}

}  // namespace

WalSource::WalSource(fs::path folder, const Destination& place, const BackupKeys& keys,
                     const RecoveryWindow* window)
    : folder_(std::move(folder)), place_(place), keys_(keys), window_(window) {
    fs::create_directories(folder_);
    thread_ = std::thread([this]() { run(); });
}

WalSource::~WalSource() {
    over_ = true;
    thread_.join();
}

std::string WalSource::restore_command(const std::string& folder) {
    // By its process: the file may have been replaced since it was started.
    return fmt::format("/proc/{1}/exe {2} {0} %f %p {1}", folder, ::getpid(), fetching_word);
}

std::optional<int> fetch_as_child(int argc, char** argv) {
    if (argc != 6 || argv[1] != fetching_word) return std::nullopt;
    const auto source = parse_number<pid_t>(argv[5]);
    if (!source) return end_of_recovery;
    try {
        return fetch(argv[2], argv[3], argv[4], *source);
    } catch (const std::exception&) {
        return end_of_recovery;
    }
}

void WalSource::check() const {
    if (failed_) std::rethrow_exception(fault_);
}

void WalSource::run() {
    for (; !over_; std::this_thread::sleep_for(look_every)) {
        try {
            std::vector<std::string> wanted;
            for (const auto& entry : fs::directory_iterator(folder_))
                if (const auto name = entry.path().filename().string(); name.ends_with(asked))
                    wanted.push_back(name.substr(0, name.size() - asked.size()));
            for (const auto& file : wanted) answer(file);
        } catch (...) {
            fault_ = std::current_exception();
            failed_ = true;
            std::ofstream(folder_ / gone_wrong).close();
            return;
        }
    }
}

void WalSource::answer(const std::string& file) {
    fs::remove(folder_ / (file + std::string(asked)));
    std::string bytes;
    if (window_)
        if (const auto start = segment_start(file, window_->base.manifest->wal->segment_size))
            bytes = segment(*start);
    write_unsynced(folder_ / (bytes.empty() ? file + std::string(nothing_there) : file), bytes);
}

/// The bytes of a segment as far as the window goes, filled up with zeros; empty: nothing of it is there.
std::string WalSource::segment(const SegmentStart& start) const {
    const auto& wal = *window_->base.manifest->wal;
    const auto size = wal.segment_size;
    const auto end = std::min(start.at + size, window_->end);
    if (start.timeline != wal.timeline || start.at < segment_of(wal.from, size) || start.at >= end) return {};
    auto bytes = read_wal(place_, window_->pieces, {wal.system, start.timeline, start.at, end}, keys_);
    if (start.at + bytes.size() < end)
        throw std::runtime_error(
            fmt::format("The write-ahead log in {} has lost what follows {}. Nothing was touched.",
                        place_.name(), db::lsn_text(start.at + bytes.size())));
    bytes.resize(size, '\0');
    return bytes;
}

}  // namespace bb::safety
