#include "features/materials/extract/tidy.hpp"

#include "base/core/utf8.hpp"

namespace bb::materials::extract {
namespace {

bool is_lower(std::string_view text, std::size_t at) {
    return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
}

/// Without the hyphens, and line ends behind them, inside words.
std::string joined(std::string_view text) {
    std::string whole;
    whole.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_cut = text[i] == '-' && text.substr(i + 1).starts_with('\n') && i > 0 &&
                            is_lower(text, i - 1) && is_lower(text, i + 2);
        if (is_cut)
            ++i;
        else
            whole += text[i];
    }
    return whole;
}

}  // namespace

std::string tidy(std::string_view given) {
    std::string text;
    text.reserve(given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto c = static_cast<unsigned char>(given[i]);
        if (c == '\r') {
            if (!given.substr(i + 1).starts_with('\n')) text += '\n';
        } else if (c == '\f') {
            text += text.ends_with('\n') ? "\f\n" : "\n\f\n";
            if (given.substr(i + 1).starts_with("\r\n")) ++i;
            if (given.substr(i + 1).starts_with('\n')) ++i;
        } else if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t') {
            text += given[i];
        }
    }
    return utf8::valid(text) ? text : utf8::repaired(text);
}

std::string as_kept(std::string_view text, bool printed) {
    std::string clean = tidy(text);
    if (printed) clean = joined(clean);
    // The last page is not followed by another.
    while (!clean.empty() && (clean.back() == '\n' || clean.back() == '\f' || clean.back() == ' '))
        clean.pop_back();
    if (!clean.empty()) clean += '\n';
    return clean;
}

}  // namespace bb::materials::extract
