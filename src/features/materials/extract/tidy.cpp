#include "features/materials/extract/tidy.hpp"

#include "base/core/utf8.hpp"

namespace bb::materials::extract {
namespace {

bool is_lower(std::string_view text, std::size_t at) {
    return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

}  // namespace

std::string tidied(std::string_view text, bool printed) {
    const std::string valid = utf8::repaired(text);
    std::string clean;
    clean.reserve(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
        const char c = valid[i];
        if (c == '\f') {
            if (!clean.ends_with('\n')) clean += '\n';
            clean += "\f\n";
            if (i + 1 < valid.size() && valid[i + 1] == '\n') ++i;
        } else if (printed && c == '-' && i + 1 < valid.size() && valid[i + 1] == '\n' && i > 0 &&
                   is_lower(valid, i - 1) && is_lower(valid, i + 2)) {
            ++i;
        } else if (!is_control(c)) {
            clean += c;
        }
    }
    // The last page is not followed by another.
    while (!clean.empty() && (clean.back() == '\n' || clean.back() == '\f' || clean.back() == ' '))
        clean.pop_back();
    if (!clean.empty()) clean += '\n';
    return clean;
}

}  // namespace bb::materials::extract
