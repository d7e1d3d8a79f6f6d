#include "operations/safety/copy.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "base/core/hasher.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/room.hpp"

namespace bb::safety {
namespace {

constexpr std::size_t copied_at_once = 1 << 20;

void copy_part(const StoredBackup& backup, const Part& part, const Destination& to,
               const std::function<void()>& watch) {
    const auto object = part_object(part.name);
    const auto from = backup.store->read(backup.object(object));
    const auto writer = to.add(backup.id, object);
    crypto::Hasher hasher;
    std::string chunk(copied_at_once, '\0');
    std::uint64_t copied = 0;
    while (const auto got = http::read_full(*from.source, chunk.data(), chunk.size())) {
        watch();
        const auto bytes = std::string_view(chunk).substr(0, got);
        hasher.add(bytes);
        writer->write(bytes);
        copied += got;
    }
    if (copied != part.stored_bytes || crypto::hex(hasher.finish()) != part.sha256)
        throw std::runtime_error(
            fmt::format("{}/{} is not as it was stored, and was not copied. Make another backup.",
                        backup.path(), object));
    writer->finish();
}

}  // namespace

void copy_backup(const StoredBackup& backup, const Destination& to, const std::function<void()>& watch) {
    to.prepare();
    const auto lock = to.lock();
    to.remove_unfinished();
    check_room(to, backup.manifest->stored_bytes() + backup.manifest_text.size());
    try {
        for (const auto& part : backup.manifest->parts) copy_part(backup, part, to, watch);
        to.commit(backup.id, backup.manifest_text);
    } catch (...) {
        to.give_up(backup.id);
        throw_on(to);
    }
}

}  // namespace bb::safety
