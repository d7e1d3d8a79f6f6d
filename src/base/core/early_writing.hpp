#pragma once
#include <cstdint>

namespace bb {

/// Has the disk begin with a file while it is written from its beginning to its end, a stretch at a time, so
/// that the sync at its end has little left to wait for.
class EarlyWriting {
public:
    /// `end`: how many bytes of `file` are written by now. Whether it works matters to nobody.
    void up_to(int file, std::uint64_t end);

private:
    std::uint64_t begun_ = 0;
};

}  // namespace bb
