#include "operations/safety/room.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace bb::safety {

void check_room(const Destination& to, std::uint64_t wanted) {
    const auto free = to.store().free_bytes();
    if (!free || *free >= wanted) return;
    throw std::runtime_error(
        fmt::format("There is no room for a backup in {}: {} MB are free, about {} MB are needed. Remove "
                    "something, or choose another folder (BACKUP_TO).",
                    to.name(), *free >> 20, (wanted >> 20) + 1));
}

void throw_on(const Destination& to) {
    try {
        throw;
    } catch (const std::system_error& fault) {
        if (fault.code() != std::errc::no_space_on_device &&
            fault.code() != std::error_code(EDQUOT, std::generic_category()))
            throw;
        throw std::runtime_error(
            fmt::format("The disk of {} is full. Nothing was kept of this backup; those "
                        "before are whole.",
                        to.name()));
    }
}

}  // namespace bb::safety
