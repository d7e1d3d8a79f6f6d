#include "services/blobs/compare.hpp"

#include <string>

namespace bb::blobs {
namespace {

constexpr std::size_t piece_compared = 1u << 20;

}  // namespace

bool is_same(http::FileSource& one, http::FileSource& other) {
    std::string a(piece_compared, '\0'), b(piece_compared, '\0');
    for (;;) {
        const auto got = http::read_full(one, a.data(), a.size());
        if (http::read_full(other, b.data(), b.size()) != got) return false;
        if (std::string_view(a).substr(0, got) != std::string_view(b).substr(0, got)) return false;
        if (got < a.size()) return true;
    }
}

}  // namespace bb::blobs
