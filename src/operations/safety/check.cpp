#include "operations/safety/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/core/log.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/tar.hpp"
#include "operations/safety/wal_store.hpp"

namespace bb::safety {
namespace {

std::uint64_t read_to_the_end(http::FileSource& source) {
    std::string chunk(256 * 1024, '\0');
    std::uint64_t bytes = 0;
    while (const auto got = source.read(chunk.data(), chunk.size())) bytes += got;
    return bytes;
}

std::uint64_t count_files(std::shared_ptr<http::FileSource> source) {
    TarReader tar(std::move(source));
    std::uint64_t files = 0;
    std::string chunk(128 * 1024, '\0');
    while (const auto entry = tar.next()) {
        files += entry->name.starts_with("files/");
        while (tar.read(chunk.data(), chunk.size()) > 0) continue;
    }
    return files;
}

}  // namespace

void check_backup(const StoredBackup& backup, const std::optional<secrets::Key>& key) {
    const auto& manifest = *backup.manifest;
    for (const auto& part : manifest.parts) {
        check_part(backup, part);
        if (!key) continue;
        const auto content = open_part(backup, part.name, *key);
        if (part.name == "files") {
            const auto files = count_files(content);
            if (files != manifest.files)
                throw Damaged(fmt::format("it holds {} uploaded files instead of {}", files, manifest.files));
        } else if (const auto bytes = read_to_the_end(*content); bytes != part.bytes) {
            throw Damaged(fmt::format("{} has {} bytes inside instead of {}", part.name, bytes, part.bytes));
        }
    }
}

void check_and_mark(const Destination& place, const StoredBackup& backup,
                    const std::optional<secrets::Key>& key) {
    const auto mark = [&](bool damaged) {
        try {
            place.mark(backup, damaged);
        } catch (const std::exception& fault) {
            log::warn("what was found is not noted beside the backup",
                      {{"backup", backup.path()}, {"reason", fault.what()}});
        }
    };
    try {
        check_backup(backup, key);
    } catch (const Damaged&) {
        mark(true);
        throw;
    }
    mark(false);
}

std::size_t check_log(const Destination& place, const RecoveryWindow& window, const BackupKeys& keys) {
    const auto& wal = *window.base.manifest->wal;
    std::size_t segments = 0;
    for (auto at = segment_of(wal.from, wal.segment_size); at < window.end;
         at += wal.segment_size, ++segments) {
        const auto end = std::min(at + wal.segment_size, window.end);
        if (read_wal(place, window.pieces, {wal.system, wal.timeline, at, end}, keys).size() == end - at)
            continue;
        throw std::runtime_error(
            fmt::format("the write-ahead log in {} has a gap after {}", place.name(), db::lsn_text(at)));
    }
    return segments;
}

}  // namespace bb::safety
