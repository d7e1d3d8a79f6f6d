#include "features/materials/text/filipino.hpp"

#include <algorithm>

namespace bb::materials::text {
namespace {

bool is_vowel(char c) {
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/// Roots have two syllables and four letters or more; anything shorter is not taken for one.
bool can_be_root(std::string_view rest) {
    return rest.size() >= 4 && std::count_if(rest.begin(), rest.end(), is_vowel) >= 2;
}

// Longer ones first: the first that leaves a root is taken off.
constexpr std::string_view prefixes[] = {
    "pinakama", "nakapag", "makapag", "kasing", "ipinag", "napaka", "pinaka", "nakaka", "makaka", "nagpa",
    "magpa",    "pagpa",   "ikina",   "pinag",  "nagka",  "magka",  "pagka",  "naka",   "maka",   "maki",
    "naki",     "paki",    "taga",    "mang",   "nang",   "pang",   "ipag",   "mag",    "nag",    "pag",
    "ipa",      "ika",     "um",      "ma",     "na",     "pa",     "ka",     "i"};

/// A hyphen parts "mag-" from a vowel, and the short prefixes are mostly the start of a root there
/// ("kainan").
bool may_precede(std::string_view prefix, std::string_view rest) {
    if (!is_vowel(rest[0])) return true;
    if (prefix.ends_with("ag")) return rest[0] == rest[1];
    return prefix.size() > 2 || (prefix.size() == 2 && rest.size() >= 5);
}

bool strip_prefix(std::string& word) {
    for (const std::string_view prefix : prefixes) {
        if (!word.starts_with(prefix)) continue;
        const std::string_view rest = std::string_view(word).substr(prefix.size());
        if (!can_be_root(rest) || !may_precede(prefix, rest)) continue;
        word.erase(0, prefix.size());
        return true;
    }
    return false;
}

/// k-um-ain, s-in-ulat.
void strip_infix(std::string& word) {
    if (word.size() < 6 || is_vowel(word[0]) || !is_vowel(word[3])) return;
    const std::string_view infix = std::string_view(word).substr(1, 2);
    if (infix != "um" && infix != "in") return;
    std::string rest = word;
    rest.erase(1, 2);
    if (can_be_root(rest)) word = std::move(rest);
}

/// ba-basa, a-aral.
void strip_doubling(std::string& word) {
    if (word.size() >= 5 && is_vowel(word[0]) && word[0] == word[1]) {
        word.erase(0, 1);
    } else if (word.size() >= 6 && is_vowel(word[1]) && word[0] == word[2] && word[1] == word[3] &&
               can_be_root(std::string_view(word).substr(2))) {
        word.erase(0, 2);
    }
}

bool strip_ending(std::string& word, std::string_view ending) {
    if (!word.ends_with(ending)) return false;
    const std::string_view rest = std::string_view(word).substr(0, word.size() - ending.size());
    if (!can_be_root(rest)) return false;
    word.resize(rest.size());
    return true;
}

void strip_suffix(std::string& word) {
    const auto behind_vowel = [&](std::size_t ending) {
        return word.size() > ending && is_vowel(word[word.size() - ending - 1]);
    };
    if (behind_vowel(2)) strip_ending(word, "ng");
    if (!strip_ending(word, "han") && !strip_ending(word, "hin") && !strip_ending(word, "an"))
        strip_ending(word, "in");
    // "bayang" may be "bayan" or "baya" with a linker, "halamang" has lost less than "halaman": what is left
    // of the difference goes too.
    if (behind_vowel(1)) strip_ending(word, "n");
    if (word.size() >= 5 && is_vowel(word.back()) &&
        can_be_root(std::string_view(word).substr(0, word.size() - 1)))
        word.pop_back();
}

}  // namespace

std::string filipino_stem(std::string_view folded) {
    std::string word(folded);
    if (!std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return word;
    if (word.size() > 4) {
        if (strip_prefix(word) && word.size() > 6) strip_prefix(word);
        strip_infix(word);
        strip_doubling(word);
        strip_suffix(word);
    }
    std::replace(word.begin(), word.end(), 'o', 'u');
    std::replace(word.begin(), word.end(), 'e', 'i');
    return word;
}

}  // namespace bb::materials::text
