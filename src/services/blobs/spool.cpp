#include "services/blobs/spool.hpp"

#include <utility>

#include "base/net/pool.hpp"
#include "services/blobs/store.hpp"
#include "services/personal/zip_writer.hpp"

namespace bb::blobs {

Spool::Spool(std::filesystem::path folder, SpoolLimits limits)
    : folder_(std::move(folder)), limits_(limits) {}

http::SharedDescriptor Spool::file(const Uuid& owner, const std::string& name, std::uint64_t bytes,
                                   const Fill& fill) {
    if (auto there = find(name)) return there;
    auto made = make(owner, name, bytes);
    fill([&made](std::string_view piece) { write_all(*made, piece, "keep a file for reading"); });
    const std::lock_guard guard(mutex_);
    whole_files_[name] = made;
    return made;
}

http::SharedDescriptor Spool::find(const std::string& name) const {
    const std::lock_guard guard(mutex_);
    const auto found = whole_files_.find(name);
    return found == whole_files_.end() ? nullptr : found->second.lock();
}

http::SharedDescriptor Spool::make(const Uuid& owner, const std::string& name, std::uint64_t bytes) {
    take_room(owner, bytes);
    // Gives the room back with the last holder, and at whatever fails until then.
    std::shared_ptr<void> room(nullptr, [self = shared_from_this(), owner, name, bytes](void*) {
        self->give_room(owner, name, bytes);
    });
    auto file = personal::nameless_file(folder_);
    int* const descriptor = file.get();
    return {descriptor, [file = std::move(file), room = std::move(room)](int*) mutable {
                // At once: a weak_ptr to this keeps them otherwise.
                file.reset();
                room.reset();
            }};
}

void Spool::take_room(const Uuid& owner, std::uint64_t bytes) {
    const auto is_full = [bytes](std::uint64_t before, std::uint64_t most) {
        return before > 0 && before + bytes > most;
    };
    const std::lock_guard guard(mutex_);
    const auto found = of_owners_.find(owner);
    const auto before = found == of_owners_.end() ? std::uint64_t{0} : found->second;
    if (is_full(before, limits_.of_an_owner) || is_full(total_, limits_.total))
        throw net::Busy("Too many files are being read at once.");
    of_owners_[owner] = before + bytes;
    total_ += bytes;
}

void Spool::give_room(const Uuid& owner, const std::string& name, std::uint64_t bytes) {
    const std::lock_guard guard(mutex_);
    total_ -= bytes;
    const auto left = of_owners_.find(owner);
    if (left != of_owners_.end() && (left->second -= bytes) == 0) of_owners_.erase(left);
    // Unless another reader has put it here anew.
    const auto file = whole_files_.find(name);
    if (file != whole_files_.end() && file->second.expired()) whole_files_.erase(file);
}

}  // namespace bb::blobs
