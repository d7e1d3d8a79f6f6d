#include "features/materials/index/trigrams.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace bb::materials::index {
namespace {

constexpr std::size_t shortest = 4;
constexpr std::size_t longest = 40;

char sound_at(std::string_view term, std::size_t i) {
    const char next = i + 1 < term.size() ? term[i + 1] : '\0';
    switch (term[i]) {
        case 'c':
            return next == 'e' || next == 'i' || next == 'y' ? 's' : 'k';
        case 'q':
            return 'k';
        case 'y':
            return 'i';
        case 'z':
            return 's';
        case 'v':
            return 'b';
        default:
            return term[i];
    }
}

std::int32_t letter(char c) {
    return c == ' ' ? 0 : c - 'a' + 1;
}

}  // namespace

std::string sound_of(std::string_view term) {
    if (term.size() < shortest || term.size() > longest) return {};
    if (!std::all_of(term.begin(), term.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return {};
    std::string sound;
    for (std::size_t i = 0; i < term.size(); ++i) {
        const char c = term[i];
        const char next = i + 1 < term.size() ? term[i + 1] : '\0';
        char heard = sound_at(term, i);
        if (c == 'p' && next == 'h') {
            heard = 'f';
            ++i;
        } else if (c == 't' && next == 'h') {
            ++i;
        }
        if (sound.empty() || sound.back() != heard) sound += heard;
    }
    return sound;
}

std::vector<std::int32_t> trigrams_of(std::string_view sound) {
    std::vector<std::int32_t> out;
    if (sound.empty()) return out;
    const std::string padded = "  " + std::string(sound) + " ";
    for (std::size_t i = 0; i + 2 < padded.size(); ++i)
        out.push_back((letter(padded[i]) * 27 + letter(padded[i + 1])) * 27 + letter(padded[i + 2]));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

int edit_distance(std::string_view a, std::string_view b, int limit) {
    const int difference = static_cast<int>(a.size()) - static_cast<int>(b.size());
    if (difference > limit || -difference > limit) return limit + 1;
    std::vector<int> before(b.size() + 1);
    std::vector<int> above(b.size() + 1);
    std::vector<int> row(b.size() + 1);
    std::iota(above.begin(), above.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<int>(i);
        int best = row[0];
        for (std::size_t k = 1; k <= b.size(); ++k) {
            row[k] = std::min({above[k] + 1, row[k - 1] + 1, above[k - 1] + (a[i - 1] != b[k - 1])});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = std::min(row[k], before[k - 2] + 1);
            best = std::min(best, row[k]);
        }
        if (best > limit) return limit + 1;
        before = std::exchange(above, row);
    }
    return std::min(above[b.size()], limit + 1);
}

int allowed_edits(std::size_t length) {
    return length < 6 ? 1 : length < 10 ? 2 : 3;
}

}  // namespace bb::materials::index
