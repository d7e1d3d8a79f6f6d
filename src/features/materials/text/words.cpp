#include "features/materials/text/words.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/text/fold.hpp"

namespace bb::materials::text {
namespace {

constexpr std::size_t longest_word = 64;

enum class Sort { other, letter, ideograph, apostrophe };

bool is_symbol_block(char32_t c) {
    return (c >= 0x2000 && c <= 0x206f) || (c >= 0x20a0 && c <= 0x20cf) || (c >= 0x2190 && c <= 0x2bff) ||
           (c >= 0x3000 && c <= 0x303f) || (c >= 0xfe10 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff0f) ||
           (c >= 0xe000 && c <= 0xf8ff) || (c >= 0x1f000 && c <= 0x1faff) || c == 0xfeff || c >= 0xe0000;
}

bool is_ideograph(char32_t c) {
    return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7af) ||
           (c >= 0x20000 && c <= 0x3ffff);
}

Sort sort_of(char32_t c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return Sort::letter;
    if (c == '\'' || c == 0x2019) return Sort::apostrophe;
    if (c < 0xc0)
        return c == 0xaa || c == 0xb2 || c == 0xb3 || c == 0xb5 || c == 0xb9 || c == 0xba ? Sort::letter
                                                                                          : Sort::other;
    if (c == 0xd7 || c == 0xf7 || is_symbol_block(c)) return Sort::other;
    return is_ideograph(c) ? Sort::ideograph : Sort::letter;
}

/// utf8::next with a short way for ASCII, which most texts are.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) return utf8::next(text, at);
    ++at;
    return byte;
}

/// Collects letters into words.
class Collector {
public:
    explicit Collector(std::vector<Word>& words) : words_(words) {}

    void letter(char32_t c, std::size_t start, std::size_t end) {
        if (apostrophe_) ++tail_;
        if (current_.folded.empty() && length_ == 0) current_.start = start;
        if (++length_ > longest_word) return void(current_.end = end);
        if (c < 0x80) {
            current_.folded += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        } else {
            append_folded(current_.folded, c);
        }
        current_.end = end;
    }
    void apostrophe() {
        if (length_ == 0 || apostrophe_) return finish();
        apostrophe_ = true;
        before_ = current_;
        tail_ = 0;
    }
    void finish() {
        if (apostrophe_ && tail_ <= 2) current_ = before_;
        if (!current_.folded.empty()) words_.push_back(std::move(current_));
        current_ = Word();
        length_ = 0;
        apostrophe_ = false;
    }

private:
    std::vector<Word>& words_;
    Word current_;
    Word before_;
    std::size_t length_ = 0;
    std::size_t tail_ = 0;
    bool apostrophe_ = false;
};

}  // namespace

std::vector<Word> words_of(std::string_view text) {
    std::vector<Word> words;
    words.reserve(text.size() / 6);
    Collector collect(words);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t start = at;
        const char32_t c = next_code_point(text, at);
        switch (sort_of(c)) {
            case Sort::letter:
                collect.letter(c, start, at);
                break;
            case Sort::apostrophe:
                collect.apostrophe();
                break;
            case Sort::other:
                collect.finish();
                break;
            case Sort::ideograph:
                collect.finish();
                collect.letter(c, start, at);
                collect.finish();
        }
    }
    collect.finish();
    return words;
}

std::string_view code_of(Language language) {
    return language == Language::filipino ? "fil" : "en";
}

int estimate_tokens(std::string_view text) {
    int tokens = 0;
    int run = 0;  // letters in the current word
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        const Sort sort = sort_of(c);
        if (sort == Sort::letter) {
            if (run++ % 6 == 0) ++tokens;
            continue;
        }
        run = 0;
        if (c > ' ') ++tokens;
    }
    return tokens;
}

}  // namespace bb::materials::text
