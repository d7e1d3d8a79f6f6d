#include "base/http/language.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include "base/core/number.hpp"
#include "base/core/utf8.hpp"

namespace bb::http {
namespace {

/// Takes what stands before the next `mark` off the front of `text`.
std::string_view take_until(std::string_view& text, char mark) {
    const auto at = std::min(text.find(mark), text.size());
    const auto taken = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return utf8::trim(taken);
}

/// "fil" of "FIL-PH".
std::string main_tag(std::string_view range) {
    std::string tag(range.substr(0, range.find('-')));
    std::transform(tag.begin(), tag.end(), tag.begin(), [](unsigned char c) { return std::tolower(c); });
    return tag;
}

double weight_in(std::string_view parameters) {
    while (!parameters.empty()) {
        const auto one = take_until(parameters, ';');
        if (one.size() < 2 || (one[0] | 0x20) != 'q' || one[1] != '=') continue;
        const auto weight = parse_number<double>(one.substr(2)).value_or(0);
        return weight >= 0 && weight <= 1 ? weight : 0;
    }
    return 1;
}

/// How much a language is wanted, and at which place of the field.
struct Wish {
    double weight = 0;
    int place = 0;

    bool before(const Wish& other) const {
        return weight > other.weight || (weight == other.weight && weight > 0 && place < other.place);
    }
};

void raise(std::optional<Wish>& known, const Wish& wish) {
    if (!known || wish.before(*known)) known = wish;
}

}  // namespace

std::string_view language_of(std::string_view accept_language) {
    std::optional<Wish> english, filipino, any;
    for (int place = 0; !accept_language.empty(); ++place) {
        auto item = take_until(accept_language, ',');
        const auto tag = main_tag(take_until(item, ';'));
        const Wish wish{weight_in(item), place};
        if (tag == "en") raise(english, wish);
        if (tag == "fil" || tag == "tl") raise(filipino, wish);
        if (tag == "*") raise(any, wish);
    }
    const auto others = any.value_or(Wish());
    return filipino.value_or(others).before(english.value_or(others)) ? "fil" : "en";
}

}  // namespace bb::http
