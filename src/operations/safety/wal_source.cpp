#include "operations/safety/wal_source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds look_every{3};
constexpr std::string_view asked = ".ask";

/// For a throw-away server: it is no loss when the disk does not have it yet.
void write_unsynced(const fs::path& file, std::string_view bytes) {
    const fs::path part = file.string() + ".part";
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw std::runtime_error(fmt::format("{} cannot be written. Is the disk full?", file.string()));
    fs::rename(part, file);
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
    // An exit code above 128 ends the recovery; 1 tells that there is no such segment.
    return fmt::format(
        ": >{0}/%f.ask; while kill -0 {1}; do if [ -e {0}/bad ]; then exit 200; fi; "
        "if [ -e {0}/%f.no ]; then rm {0}/%f.no; exit 1; fi; "
        "if [ -e {0}/%f ]; then mv {0}/%f %p; exit $?; fi; sleep 0.005; done; exit 200",
        folder, ::getpid());
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
            std::ofstream(folder_ / "bad").close();
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
    write_unsynced(folder_ / (bytes.empty() ? file + ".no" : file), bytes);
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
