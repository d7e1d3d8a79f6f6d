#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/core/utf8.hpp"
#include "features/materials/text/passages.hpp"

// Any valid UTF-8 cuts into passages that are exact, ordered stretches of it, with the head of a table in
// front of what goes on in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bb;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (!utf8::valid(text)) return 0;
    const auto format = data[0] % 2 ? materials::text::Format::markdown : materials::text::Format::plain;
    std::int32_t last = 0;
    for (const auto& passage : materials::text::cut_passages(text, format)) {
        if (passage.start < last || passage.end <= passage.start) std::abort();
        const auto from = utf8::offset_of(text, static_cast<std::size_t>(passage.start));
        const auto to = utf8::offset_of(text, static_cast<std::size_t>(passage.end));
        const auto own = text.substr(from, to - from);
        if (!passage.text.ends_with(own) || !utf8::valid(passage.text)) std::abort();
        const auto head = passage.text.size() - own.size();
        if (head > 0 && (passage.text[0] != '|' || passage.text.find('\n') != head - 1)) std::abort();
        if (materials::text::estimate_tokens(passage.text) > 402) std::abort();
        last = passage.end;
    }
    return 0;
}
