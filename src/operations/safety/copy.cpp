#include "operations/safety/copy.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bb::safety {
namespace {

constexpr std::size_t chunk_size = 1 << 20;

void copy_object(const StoredBackup& backup, const Store::Entry& object, const Destination& to,
                 const std::function<void()>& watch) {
    const auto from = backup.store->read(object.name);
    const auto writer = to.add(backup.id, object.name.substr(backup.id.size() + 1));
    std::string chunk(chunk_size, '\0');
    std::uint64_t copied = 0;
    while (const auto got = http::read_full(*from.source, chunk.data(), chunk.size())) {
        watch();
        writer->write(std::string_view(chunk).substr(0, got));
        copied += got;
    }
    if (copied != object.bytes)
        throw std::runtime_error(fmt::format("{} in {} has {} bytes instead of {}", object.name,
                                             backup.store->name(), copied, object.bytes));
    writer->finish();
}

}  // namespace

void copy_backup(const StoredBackup& backup, const Destination& to, const std::function<void()>& watch) {
    to.prepare();
    const auto lock = to.lock();
    to.remove_unfinished();
    try {
        for (const auto& object : backup.store->list(backup.object("")))
            if (object.name.ends_with(".sealed")) copy_object(backup, object, to, watch);
        to.commit(backup.id, backup.manifest_text);
    } catch (...) {
        to.give_up(backup.id);
        throw;
    }
}

}  // namespace bb::safety
