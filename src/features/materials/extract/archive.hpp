#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "features/materials/extract/read.hpp"

namespace bb::materials::extract {

/// A ZIP file in memory, of which members are unpacked when they are asked for. It reads the directory at the
/// end by itself: libarchive gives no name that is not ASCII unless the process has a locale, and does not
/// tell which members are encrypted before it fails on them.
class Archive {
public:
    /// `zip` must outlive the archive. Faults: damaged (cut off, a name that leads elsewhere, a name
    /// twice), locked (a member is encrypted), too_large (too many members).
    static Read<Archive> open(std::string_view zip, const Limits& limits);

    bool has(std::string_view name) const { return members_.find(name) != members_.end(); }
    /// What a member holds. Faults: damaged (also when it is not there), too_large (also when all that
    /// was unpacked so far is too much together).
    Read<std::string> read(std::string_view name);

private:
    struct Member {
        std::uint64_t at = 0;  // of its own header
        std::uint64_t packed = 0;
        std::uint64_t size = 0;
        std::uint32_t crc = 0;
        unsigned method = 0;
    };
    Archive(std::string_view zip, const Limits& limits) : zip_(zip), limits_(limits) {}
    Read<void> read_directory();
    Read<std::size_t> read_entry(std::size_t at);
    Read<std::string_view> packed_bytes(const Member& member) const;
    Read<std::string> inflated(std::string_view packed, std::size_t expected);

    std::string_view zip_;
    Limits limits_;
    std::map<std::string, Member, std::less<>> members_;
    std::size_t unpacked_ = 0;
};

}  // namespace bb::materials::extract
