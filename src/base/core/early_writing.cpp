#include "base/core/early_writing.hpp"

#include <fcntl.h>

namespace bb {
namespace {

constexpr std::uint64_t stretch = 4u << 20;  // bytes

}  // namespace

void EarlyWriting::up_to(int file, std::uint64_t end) {
    if (end < begun_ + stretch) return;
    (void)::sync_file_range(file, static_cast<off_t>(begun_), static_cast<off_t>(end - begun_),
                            SYNC_FILE_RANGE_WRITE);
    begun_ = end;
}

}  // namespace bb
