#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/config/config.hpp"
#include "base/core/metrics.hpp"

namespace bb::app {

/// Folders that must not fill up, under the name they have in the metrics.
struct DiskPlace {
    std::string name;  // "data", "database" or "backups"
    std::vector<std::filesystem::path> folders;
};

/// The places of this installation. One that lies elsewhere, as an outside database does, is absent.
std::vector<DiskPlace> places_of(const config::Config& config, const std::string& data_folder);

/// Disks, memory and descriptors.
class MachineReadings {
public:
    MachineReadings(metrics::Registry& metrics, std::vector<DiskPlace> places);
    /// Blocks for as long as the disks do.
    void read();

private:
    struct Disk {
        DiskPlace place;
        metrics::Gauge bytes, free, share;
    };
    static void read(Disk& disk);

    std::vector<Disk> disks_;
    metrics::Gauge memory_, available_, open_, most_open_;
};

}  // namespace bb::app
