#include "features/materials/extract/archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t directory_header = 46;
constexpr std::size_t member_header = 30;
constexpr std::size_t end_record = 22;
constexpr std::size_t free_of_ratio = 1u << 20;
constexpr std::uint64_t in_extra_field = 0xffffffff;

Unread damaged_archive() {
    return damaged("The file is damaged or cut off. Save it again, and upload the new one.");
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
    std::uint64_t number = 0;
    for (std::size_t i = width; i > 0; --i)
        number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
    return number;
}

bool leads_elsewhere(std::string_view name) {
    if (name.empty() || name.size() > 500 || name.front() == '/') return true;
    for (std::size_t from = 0; from <= name.size();) {
        const auto end = std::min(name.find('/', from), name.size());
        if (name.substr(from, end - from) == "..") return true;
        from = end + 1;
    }
    return std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

/// Sizes and the place that stand in the extra field of a ZIP64 member, in this order, each only if needed.
void read_zip64(std::string_view extra, std::initializer_list<std::uint64_t*> fields) {
    while (extra.size() >= 4) {
        const auto id = number_at(extra, 0, 2);
        const auto size = std::min<std::size_t>(number_at(extra, 2, 2), extra.size() - 4);
        auto rest = extra.substr(4, size);
        extra.remove_prefix(4 + size);
        if (id != 1) continue;
        for (std::uint64_t* field : fields) {
            if (*field != in_extra_field || rest.size() < 8) continue;
            *field = number_at(rest, 0, 8);
            rest.remove_prefix(8);
        }
    }
}

}  // namespace

Read<Archive> Archive::open(std::string_view zip, const Limits& limits) {
    Archive archive(zip, limits);
    const auto done = archive.read_directory();
    if (!done) return done.error();
    return archive;
}

Read<void> Archive::read_directory() {
    const auto end = zip_.rfind("PK\x05\x06"sv);
    if (end == std::string_view::npos || zip_.size() - end < end_record) return damaged_archive();
    const auto count = number_at(zip_, end + 10, 2);
    auto at = static_cast<std::size_t>(number_at(zip_, end + 16, 4));
    if (count > limits_.entries) return too_much();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto next = read_entry(at);
        if (!next) return next.error();
        at = *next;
    }
    return {};
}

Read<std::size_t> Archive::read_entry(std::size_t at) {
    if (at > zip_.size() || zip_.size() - at < directory_header) return damaged_archive();
    const auto entry = zip_.substr(at);
    const auto name_size = static_cast<std::size_t>(number_at(entry, 28, 2));
    const auto extra_size = static_cast<std::size_t>(number_at(entry, 30, 2));
    const auto whole =
        directory_header + name_size + extra_size + static_cast<std::size_t>(number_at(entry, 32, 2));
    if (!entry.starts_with("PK\x01\x02"sv) || whole > entry.size()) return damaged_archive();
    if ((number_at(entry, 8, 2) & 1) != 0)
        return locked("The file is protected by a password. Save it without one, and upload that.");
    std::string name(entry.substr(directory_header, name_size));
    std::replace(name.begin(), name.end(), '\\', '/');
    if (leads_elsewhere(name)) return damaged_archive();
    Member member;
    member.method = static_cast<unsigned>(number_at(entry, 10, 2));
    member.crc = static_cast<std::uint32_t>(number_at(entry, 16, 4));
    member.packed = number_at(entry, 20, 4);
    member.size = number_at(entry, 24, 4);
    member.at = number_at(entry, 42, 4);
    read_zip64(entry.substr(directory_header + name_size, extra_size),
               {&member.size, &member.packed, &member.at});
    if (!name.ends_with('/') && !members_.emplace(std::move(name), member).second) return damaged_archive();
    return at + whole;
}

Read<std::string_view> Archive::packed_bytes(const Member& member) const {
    if (member.at > zip_.size() || zip_.size() - member.at < member_header) return damaged_archive();
    const auto header = zip_.substr(static_cast<std::size_t>(member.at));
    const auto before = member_header + number_at(header, 26, 2) + number_at(header, 28, 2);
    if (!header.starts_with("PK\x03\x04"sv) || before > header.size() ||
        member.packed > header.size() - before)
        return damaged_archive();
    return header.substr(static_cast<std::size_t>(before), static_cast<std::size_t>(member.packed));
}

Read<std::string> Archive::inflated(std::string_view packed, std::size_t expected) {
    z_stream stream{};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_streamp)> guard(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    char room[32768];
    for (int code = Z_OK; code != Z_STREAM_END;) {
        stream.next_out = reinterpret_cast<Bytef*>(room);
        stream.avail_out = sizeof room;
        code = inflate(&stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END) return damaged_archive();
        out.append(room, sizeof room - stream.avail_out);
        if (out.size() > expected) return damaged_archive();
    }
    return out;
}

Read<std::string> Archive::read(std::string_view name) {
    const auto found = members_.find(name);
    if (found == members_.end())
        return damaged("The file is damaged, or is not what its name says: a part of it is not there.");
    const Member& member = found->second;
    const auto packed = packed_bytes(member);
    if (!packed) return packed.error();
    if (member.size > limits_.unpacked_bytes || unpacked_ + member.size > limits_.unpacked_bytes ||
        (member.size > free_of_ratio && member.size / limits_.ratio > packed->size()))
        return too_much();
    auto content = member.method == 8   ? inflated(*packed, static_cast<std::size_t>(member.size))
                   : member.method == 0 ? Read<std::string>(std::string(*packed))
                                        : Read<std::string>(damaged_archive());
    if (!content) return content;
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content->data()), content->size());
    if (content->size() != member.size || crc != member.crc) return damaged_archive();
    unpacked_ += content->size();
    return content;
}

}  // namespace bb::materials::extract
