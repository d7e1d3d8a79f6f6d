#include "operations/safety/wal_piece.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bb::safety {
namespace {

constexpr std::string_view top = "wal/";
constexpr Lsn four_gigabytes = Lsn{1} << 32;
constexpr std::size_t timeline_digits = 8, position_digits = 16;

template <class Number>
std::optional<Number> hexadecimal(std::string_view text, std::size_t digits) {
    if (text.size() != digits) return std::nullopt;
    Number number{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

/// "20261126T104721.123456Z": RFC 3339 without what names of files do badly with.
std::string compact(Time time) {
    auto text = to_rfc3339(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::optional<Time> parse_compact(std::string_view text) {
    if (text.size() != 23) return std::nullopt;
    return parse_rfc3339(fmt::format("{}-{}-{}:{}:{}", text.substr(0, 4), text.substr(4, 2),
                                     text.substr(6, 5), text.substr(11, 2), text.substr(13)));
}

/// Takes what stands before the next `end` off the front.
std::string_view take(std::string_view& text, char end) {
    const auto at = std::min(text.find(end), text.size());
    const auto front = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return front;
}

}  // namespace

std::string WalPiece::name() const {
    return fmt::format("{}{:08X}-{:016X}-{:016X}-{}", wal_folder(system), timeline, from, to, compact(at));
}

std::optional<WalPiece> wal_piece_named(std::string_view name) {
    if (!name.starts_with(top)) return std::nullopt;
    name.remove_prefix(top.size());
    WalPiece piece;
    piece.system = take(name, '/');
    const auto timeline = hexadecimal<std::uint32_t>(take(name, '-'), timeline_digits);
    const auto from = hexadecimal<Lsn>(take(name, '-'), position_digits);
    const auto to = hexadecimal<Lsn>(take(name, '-'), position_digits);
    const auto at = parse_compact(name);
    if (piece.system.empty() || !timeline || !from || !to || !at || *from >= *to) return std::nullopt;
    piece.timeline = *timeline;
    piece.from = *from;
    piece.to = *to;
    piece.at = *at;
    return piece;
}

std::string wal_folder(std::string_view system) {
    return system.empty() ? std::string(top) : fmt::format("{}{}/", top, system);
}

std::vector<WalPiece> cover(const std::vector<WalPiece>& pieces, std::uint32_t timeline, Lsn from, Lsn to) {
    std::vector<const WalPiece*> sorted;
    for (const auto& one : pieces)
        if (one.timeline == timeline && one.to > from && one.from < to) sorted.push_back(&one);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->from < b->from; });
    std::vector<WalPiece> chosen;
    const WalPiece* longest = nullptr;
    for (auto next = sorted.begin(); from < to;) {
        for (; next != sorted.end() && (*next)->from <= from; ++next)
            if (!longest || (*next)->to > longest->to) longest = *next;
        if (!longest || longest->to <= from) break;
        chosen.push_back(*longest);
        from = longest->to;
    }
    return chosen;
}

std::optional<WalPiece> reach(const std::vector<WalPiece>& pieces, std::uint32_t timeline, Lsn from) {
    auto chain = cover(pieces, timeline, from, ~Lsn{0});
    if (chain.empty()) return std::nullopt;
    return std::move(chain.back());
}

std::string segment_file(std::uint32_t timeline, Lsn at, Lsn segment_size) {
    const auto number = at / segment_size, in_four = four_gigabytes / segment_size;
    return fmt::format("{:08X}{:08X}{:08X}", timeline, number / in_four, number % in_four);
}

std::optional<SegmentStart> segment_start(std::string_view file, Lsn segment_size) {
    if (file.size() != 24) return std::nullopt;
    const auto timeline = hexadecimal<std::uint32_t>(file.substr(0, 8), 8);
    const auto high = hexadecimal<std::uint32_t>(file.substr(8, 8), 8);
    const auto low = hexadecimal<std::uint32_t>(file.substr(16, 8), 8);
    if (!timeline || !high || !low) return std::nullopt;
    return SegmentStart{*timeline, *high * four_gigabytes + *low * segment_size};
}

}  // namespace bb::safety
