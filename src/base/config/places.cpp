#include "base/config/places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::config {
namespace {

constexpr std::string_view s3_scheme = "s3://";
constexpr std::string_view keep_mark = "?keep=";
constexpr int most_kept = 10'000;

Error wrong(std::string_view place, std::string_view how) {
    return Error(ErrorCode::invalid_input, fmt::format("{}: \"{}\"", how, place));
}

std::optional<int> count_of(std::string_view text, int least) {
    const auto number = parse_number<int>(text);
    return number && *number >= least && *number <= most_kept ? number : std::nullopt;
}

bool read_keep(std::string_view text, Place& place) {
    const auto first = text.find('/');
    const auto second = text.find('/', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return false;
    const auto daily = count_of(text.substr(0, first), 1);
    const auto weekly = count_of(text.substr(first + 1, second - first - 1), 0);
    const auto monthly = count_of(text.substr(second + 1), 0);
    if (!daily || !weekly || !monthly) return false;
    place.daily = *daily;
    place.weekly = *weekly;
    place.monthly = *monthly;
    return true;
}

bool is_bucket(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
           });
}

bool is_prefix(std::string_view prefix) {
    for (std::size_t at = 0; at < prefix.size();) {
        const auto end = std::min(prefix.find('/', at), prefix.size());
        const auto segment = prefix.substr(at, end - at);
        const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_' || c == '.' || c == '=' || c == '+';
        });
        if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
        at = end + 1;
    }
    return true;
}

Result<Place> read_place(std::string_view text) {
    Place place;
    auto rest = text;
    if (const auto keep = rest.find(keep_mark); keep != std::string_view::npos) {
        if (!read_keep(rest.substr(keep + keep_mark.size()), place))
            return wrong(text, "must say ?keep=DAYS/WEEKS/MONTHS, with at least one day");
        rest = rest.substr(0, keep);
    }
    if (!rest.starts_with(s3_scheme)) {
        if (rest.empty() || rest.find("://") != std::string_view::npos)
            return wrong(text, "must be folders of this machine or s3://BUCKET/PREFIX, separated by commas");
        place.folder = rest;
        return place;
    }
    rest.remove_prefix(s3_scheme.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    place.bucket = rest.substr(0, slash);
    auto prefix = rest.substr(std::min(slash + 1, rest.size()));
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    place.prefix = prefix;
    if (!is_bucket(place.bucket))
        return wrong(text, "must name a bucket of 3 to 63 small letters, digits, dots and hyphens");
    if (!is_prefix(place.prefix))
        return wrong(text, "must have a prefix of letters, digits and \"-_.=+\" between single slashes");
    return place;
}

bool is_same(const Place& one, const Place& other) {
    // With a name behind it, so that a slash at the end makes no difference.
    const auto folder = [](const Place& place) {
        return (std::filesystem::absolute(place.folder) / "x").lexically_normal();
    };
    if (one.bucket != other.bucket) return false;
    return one.bucket.empty() ? folder(one) == folder(other) : one.prefix == other.prefix;
}

}  // namespace

Result<std::vector<Place>> parse_places(std::string_view text) {
    std::vector<Place> places;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        const auto one = utf8::trim(text.substr(at, end - at));
        at = end + 1;
        if (one.empty()) continue;
        auto place = read_place(one);
        if (!place) return place.error();
        // A copy onto itself that fails would take the backup along.
        if (std::any_of(places.begin(), places.end(),
                        [&](const auto& other) { return is_same(*place, other); }))
            return wrong(one, "must name each place once");
        places.push_back(std::move(*place));
    }
    return places;
}

Result<Place> parse_bucket(std::string_view text) {
    if (text.find_first_of("?,") != std::string_view::npos)
        return wrong(text, "must be one BUCKET or BUCKET/PREFIX");
    if (text.starts_with(s3_scheme)) text.remove_prefix(s3_scheme.size());
    return read_place(std::string(s3_scheme) + std::string(text));
}

}  // namespace bb::config
