#include "operations/safety/part.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace bb::safety {
namespace {

std::string place_of(std::string_view backup, std::string_view name) {
    return fmt::format("backup {}/{}", backup, name);
}

}  // namespace

PartWriter::PartWriter(const Destination& to, std::string name, std::string_view backup,
                       const secrets::Key& key, int workers)
    : part_{std::move(name), 0, 0, {}},
      object_(to.add(backup, part_object(part_.name))),
      sealer_(key, place_of(backup, part_.name), [this](std::string_view sealed) { store(sealed); }),
      compressor_(workers, [this](std::string_view bytes) { sealer_.add(bytes); }) {}

void PartWriter::store(std::string_view sealed) {
    hasher_.add(sealed);
    part_.stored_bytes += sealed.size();
    object_->write(sealed);
}

void PartWriter::add(std::string_view bytes) {
    part_.bytes += bytes.size();
    compressor_.add(bytes);
}

Part PartWriter::finish() {
    compressor_.finish();
    sealer_.finish();
    object_->finish();
    part_.sha256 = crypto::hex(hasher_.finish());
    return std::move(part_);
}

std::string part_object(std::string_view name) {
    return std::string(name) + ".sealed";
}

std::shared_ptr<http::FileSource> open_part(const StoredBackup& backup, std::string_view name,
                                            const secrets::Key& key) {
    const auto object = part_object(name);
    auto opened =
        blobs::open_sealed(backup.store->read(backup.object(object)), key, place_of(backup.id, name));
    if (!opened) throw std::runtime_error(fmt::format("{} was changed or cut off", object));
    return decompressed(std::move(opened->source));
}

void check_part(const StoredBackup& backup, const Part& part) {
    const auto object = part_object(part.name);
    const auto body = backup.store->read(backup.object(object));
    if (body.size != part.stored_bytes)
        throw Damaged(fmt::format("{} has {} bytes instead of {}", object, body.size, part.stored_bytes));
    crypto::Hasher hasher;
    std::string chunk(256 * 1024, '\0');
    while (const auto got = body.source->read(chunk.data(), chunk.size()))
        hasher.add(std::string_view(chunk).substr(0, got));
    if (crypto::hex(hasher.finish()) != part.sha256) throw Damaged(fmt::format("{} was changed", object));
}

}  // namespace bb::safety
