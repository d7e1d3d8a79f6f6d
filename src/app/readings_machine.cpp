#include "app/readings_machine.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "app/readings.hpp"
#include "base/config/places.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

struct Space {
    double bytes = not_known, free = not_known, share = not_known;
};

/// Of the disk that holds `folder`, or will hold it once it is made.
Space space_of(fs::path folder) {
    struct statvfs found {};
    while (::statvfs(folder.c_str(), &found) != 0) {
        if (folder == folder.root_path() || folder.empty()) return {};
        folder = folder.parent_path();
    }
    const auto block = static_cast<double>(found.f_frsize);
    Space space;
    space.bytes = static_cast<double>(found.f_blocks) * block;
    space.free = static_cast<double>(found.f_bavail) * block;
    space.share = space.bytes > 0 ? space.free / space.bytes : not_known;
    return space;
}

struct Memory {
    double bytes = not_known, available = not_known;
};

/// Of the machine, or of the container when that has less.
Memory memory_now() {
    std::ifstream file("/proc/meminfo");
    std::string word;
    double kib = 0;
    Memory memory;
    while (file >> word) {
        if (word == "MemTotal:" && file >> kib) memory.bytes = kib * 1024;
        if (word == "MemAvailable:" && file >> kib) memory.available = kib * 1024;
    }
    std::ifstream limit_file("/sys/fs/cgroup/memory.max"), used_file("/sys/fs/cgroup/memory.current");
    double limit = 0, used = 0;
    if (!(limit_file >> limit) || !(used_file >> used)) return memory;  // "max"
    memory.bytes = std::min(memory.bytes, limit);
    memory.available = std::min(memory.available, std::max(0.0, limit - used));
    return memory;
}

double open_descriptors() {
    std::error_code failed;
    double count = 0;
    for (fs::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end; at.increment(failed))
        ++count;
    return failed ? not_known : count - 1;  // the folder itself
}

double most_descriptors() {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : not_known;
}

double cpu_seconds() {
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) != 0) return not_known;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

std::vector<DiskPlace> places_of(const config::Config& config, const std::string& data_folder) {
    std::vector<DiskPlace> places{{"data", {data_folder}}};
    if (!config.is_set("DATABASE_URL")) places.push_back({"database", {fs::path(data_folder) / "postgres"}});
    DiskPlace backups{"backups", {}};
    const auto named = config::parse_places(config.text("BACKUP_TO"));
    if (!named) return places;
    for (const auto& place : *named)
        if (!place.folder.empty()) backups.folders.push_back(fs::absolute(place.folder));
    if (named->empty()) backups.folders.push_back(fs::path(data_folder) / "backups");
    if (!backups.folders.empty()) places.push_back(std::move(backups));
    return places;
}

MachineReadings::MachineReadings(metrics::Registry& metrics, std::vector<DiskPlace> places)
    : memory_(metrics.gauge("brainbytes_memory_bytes", "Memory of the machine, or of the container")),
      available_(metrics.gauge("brainbytes_memory_available_bytes",
                               "Memory that the machine, or the container, has left")),
      open_(metrics.gauge("process_open_fds", "Open file descriptors")),
      most_open_(metrics.gauge("process_max_fds", "File descriptors that may be open")) {
    for (auto& place : places) {
        const metrics::Labels labels{{"place", place.name}};
        disks_.push_back(
            {std::move(place), metrics.gauge("brainbytes_disk_bytes", "Size of the disk of a place", labels),
             metrics.gauge("brainbytes_disk_free_bytes", "What may still be written there", labels),
             metrics.gauge("brainbytes_disk_free_share", "The same as a part of the disk, 0 to 1", labels)});
        for (auto* gauge : {&disks_.back().bytes, &disks_.back().free, &disks_.back().share})
            gauge->set(not_known);
    }
    for (auto* gauge : {&memory_, &available_, &open_, &most_open_}) gauge->set(not_known);
    metrics.counter_from("process_cpu_seconds_total", "CPU time the server has used", cpu_seconds);
}

/// Of several folders the one that is the fullest.
void MachineReadings::read(Disk& disk) {
    std::optional<Space> fullest;
    for (const auto& folder : disk.place.folders) {
        const auto space = space_of(folder);
        if (!fullest || !(space.share >= fullest->share)) fullest = space;
    }
    const auto shown = fullest.value_or(Space{});
    disk.bytes.set(shown.bytes);
    disk.free.set(shown.free);
    disk.share.set(shown.share);
}

void MachineReadings::read() {
    const auto memory = memory_now();
    memory_.set(memory.bytes);
    available_.set(memory.available);
    open_.set(open_descriptors());
    most_open_.set(most_descriptors());
    for (auto& disk : disks_) read(disk);
}

}  // namespace bb::app
