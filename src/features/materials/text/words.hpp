#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::text {

/// A word of a text: folded (lower case, no accents), with where it stands.
struct Word {
    std::string folded;
    std::size_t start = 0;  // bytes
    std::size_t end = 0;
};

/// The words of a text in order: runs of letters and digits. Hyphens split, a short tail behind an apostrophe
/// ("cell's", "ako'y") is dropped, each ideograph is a word. Words are cut at 64 code points.
std::vector<Word> words_of(std::string_view text);

/// True for words that carry no topic: articles, pronouns, linkers, of English and Filipino.
bool is_stop_word(std::string_view folded);

/// True for words that students wrap a question in ("explain", "please", "ipaliwanag"): they say what to do
/// with the topic, not what it is.
bool is_chatter(std::string_view folded);

/// True for what somebody may have typed who meant a word of the two kinds above ("wich", "becuase"): a
/// letter is missing, too many, or has changed places with its neighbour. Other words are among them by
/// chance.
bool is_mistyped_small_word(std::string_view folded);

/// True for words of everyday life that students tell around a question ("friend", "tomorrow", "weird"): a
/// topic at most by chance.
bool is_everyday(std::string_view folded);

enum class Language { english, filipino };

std::string_view code_of(Language language);  // "en" or "fil"

/// Which of the two languages the words are in, by their small words; `otherwise` when these do not tell.
Language guess_language(const std::vector<Word>& words, Language otherwise = Language::english);

/// A rough count of the tokens a language model sees in `text`.
int estimate_tokens(std::string_view text);

}  // namespace bb::materials::text
