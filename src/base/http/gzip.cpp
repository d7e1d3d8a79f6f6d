#include "base/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "base/core/utf8.hpp"

namespace bb::http {

std::string gzip(std::string_view text) {
    z_stream stream{};
    constexpr int gzip_window = 15 + 16;
    if (deflateInit2(&stream, 1, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);  // the bound makes one call enough
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

bool accepts_coding(std::string_view accepted, std::string_view coding) {
    bool any = false;
    while (!accepted.empty()) {
        const auto comma = std::min(accepted.find(','), accepted.size());
        const std::string_view item = utf8::trim(accepted.substr(0, comma));
        accepted.remove_prefix(std::min(comma + 1, accepted.size()));
        const auto semicolon = item.find(';');
        const std::string_view name = utf8::trim(item.substr(0, semicolon));
        const std::string_view rest = semicolon == std::string_view::npos ? "" : item.substr(semicolon + 1);
        const auto q = std::min(rest.find("q="), rest.find("Q="));
        const bool refused =
            q != std::string_view::npos && rest.find_first_of("123456789", q) == std::string_view::npos;
        if (same_name(name, coding)) return !refused;
        if (name == "*") any = !refused;
    }
    return any;
}

}  // namespace bb::http
