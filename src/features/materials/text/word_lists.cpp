#include <algorithm>
#include <iterator>

#include "features/materials/text/words.hpp"

// The lists are sorted: they are searched by halving (a test keeps them so).

namespace bb::materials::text {
namespace {

constexpr std::string_view english_stop_words[] = {
    "a",        "about",    "above",     "after",     "again",      "against", "all",     "also",
    "although", "always",   "am",        "among",     "an",         "and",     "another", "any",
    "are",      "aren",     "around",    "as",        "at",         "away",    "be",      "became",
    "because",  "become",   "becomes",   "been",      "before",     "being",   "below",   "between",
    "both",     "but",      "by",        "can",       "cannot",     "could",   "couldn",  "did",
    "didn",     "do",       "does",      "doesn",     "doing",      "don",     "done",    "down",
    "during",   "each",     "either",    "else",      "etc",        "ever",    "every",   "few",
    "for",      "from",     "further",   "get",       "gets",       "give",    "given",   "gives",
    "go",       "goes",     "had",       "hadn",      "has",        "hasn",    "have",    "haven",
    "having",   "he",       "her",       "here",      "hers",       "herself", "him",     "himself",
    "his",      "how",      "however",   "i",         "if",         "in",      "into",    "is",
    "isn",      "it",       "its",       "itself",    "just",       "let",     "like",    "likely",
    "ll",       "made",     "make",      "makes",     "many",       "may",     "maybe",   "me",
    "might",    "mine",     "more",      "most",      "much",       "must",    "my",      "myself",
    "near",     "neither",  "no",        "nor",       "not",        "now",     "of",      "off",
    "often",    "on",       "once",      "one",       "only",       "onto",    "or",      "other",
    "others",   "our",      "ours",      "ourselves", "out",        "over",    "own",     "per",
    "perhaps",  "quite",    "rather",    "re",        "really",     "same",    "shall",   "she",
    "should",   "shouldn",  "since",     "so",        "some",       "such",    "than",    "that",
    "the",      "their",    "theirs",    "them",      "themselves", "then",    "there",   "therefore",
    "these",    "they",     "this",      "those",     "though",     "through", "thus",    "to",
    "together", "too",      "toward",    "towards",   "under",      "until",   "up",      "upon",
    "us",       "ve",       "very",      "via",       "was",        "wasn",    "way",     "we",
    "were",     "weren",    "what",      "whatever",  "when",       "where",   "whether", "which",
    "while",    "who",      "whom",      "whose",     "why",        "will",    "with",    "within",
    "without",  "won",      "would",     "wouldn",    "yes",        "yet",     "you",     "your",
    "yours",    "yourself", "yourselves"};

constexpr std::string_view filipino_stop_words[] = {
    "akin",     "aking",    "ako",     "alin",   "aling",    "amin",     "aming",    "ang",       "ano",
    "anong",    "anu",      "at",      "atin",   "ating",    "ay",       "ayon",     "ba",        "bagaman",
    "bago",     "bakit",    "bawat",   "bilang", "dahil",    "dapat",    "daw",      "din",       "dito",
    "diyan",    "doon",     "eh",      "gaano",  "gayon",    "gayunman", "ginagawa", "gusto",     "habang",
    "hanggang", "hindi",    "ho",      "iba",    "ibang",    "ibig",     "ikaw",     "ilalim",    "ilan",
    "ilang",    "inyo",     "inyong",  "isa",    "isang",    "itaas",    "ito",      "itong",     "iyan",
    "iyang",    "iyo",      "iyon",    "iyong",  "ka",       "kahit",    "kailan",   "kailangan", "kami",
    "kanila",   "kanilang", "kanino",  "kanya",  "kanyang",  "kapag",    "kasama",   "kasi",      "kay",
    "kaya",     "kayo",     "kaysa",   "ko",     "kong",     "kung",     "laban",    "lahat",     "lamang",
    "lang",     "maging",   "man",     "marami", "maraming", "mas",      "may",      "mayroon",   "mayroong",
    "mga",      "mismo",    "mo",      "mong",   "muli",     "muna",     "na",       "nagiging",  "naging",
    "nais",     "nakaraan", "naman",   "namin",  "nang",     "nasa",     "natin",    "ng",        "ngayon",
    "ngunit",   "ni",       "nila",    "nilang", "ninyo",    "nito",     "nitong",   "niya",      "niyang",
    "niyon",    "noon",     "nung",    "o",      "oo",       "pa",       "paano",    "paanong",   "pagitan",
    "pala",     "para",     "parang",  "pati",   "patungo",  "pero",     "po",       "puwede",    "pwede",
    "raw",      "rin",      "sa",      "saan",   "saang",    "sapagkat", "sarili",   "si",        "sila",
    "silang",   "sina",     "sino",    "sinong", "siya",     "siyang",   "subalit",  "tayo",      "tayong",
    "tila",     "tulad",    "tungkol", "tungo",  "ukol",     "upang",    "wala",     "walang",    "yan",
    "yata",     "yun",      "yung"};

constexpr std::string_view chatter[] = {
    "answer",      "answers",       "aralin",       "ask",           "asked",     "ate",        "basahin",
    "briefly",     "called",        "clear",        "clearly",       "confused",  "define",     "definition",
    "describe",    "detail",        "details",      "difference",    "different", "difficult",  "discuss",
    "easy",        "exactly",       "example",      "examples",      "explain",   "explained",  "explains",
    "explanation", "find",          "gawain",       "gawin",         "guide",     "guro",       "halimbawa",
    "happen",      "happened",      "happening",    "happens",       "hard",      "hello",      "help",
    "helping",     "hey",           "hi",           "homework",      "ibigay",    "idea",       "ilahad",
    "ilarawan",    "important",     "ipakita",      "ipaliwanag",    "isulat",    "itanong",    "kahulugan",
    "kaibahan",    "kind",          "kindly",       "kinds",         "know",      "kuwan",      "kuya",
    "learn",       "learned",       "learning",     "leksiyon",      "leksyon",   "lesson",     "list",
    "maam",        "magbigay",      "maintindihan", "material",      "materials", "maunawaan",  "mean",
    "meaning",     "means",         "module",       "naiintindihan", "name",      "nangyari",   "nangyayari",
    "need",        "notes",         "ok",           "okay",          "page",      "pagkakaiba", "paki",
    "pakibigay",   "pakipaliwanag", "paliwanag",    "paliwanagan",   "pangalan",  "please",     "question",
    "questions",   "read",          "reading",      "remember",      "sabihin",   "sagot",      "sagutin",
    "salamat",     "salita",        "say",          "says",          "sentence",  "show",       "simple",
    "simply",      "sir",           "something",    "state",         "step",      "steps",      "study",
    "studying",    "stuff",         "sure",         "talk",          "tanong",    "tawag",      "teach",
    "teacher",     "tell",          "term",         "thank",         "thanks",    "thing",      "things",
    "think",       "tinatawag",     "tingnan",      "today",         "tomorrow",  "topic",      "try",
    "tukuyin",     "tulong",        "tulungan",     "tungkulin",     "type",      "types",      "unawain",
    "understand",  "understood",    "uri",          "use",           "want",      "wanted",     "word",
    "words",       "work",          "works",        "write",         "yesterday"};

// Small words that stand in one of the two languages only.
constexpr std::string_view english_marks[] = {
    "an",   "and",  "another", "are", "as",   "be",   "by",   "can",   "does", "for", "from",
    "had",  "has",  "have",    "how", "is",   "it",   "of",   "or",    "that", "the", "their",
    "they", "this", "to",      "was", "were", "what", "when", "which", "why",  "with"};

constexpr std::string_view filipino_marks[] = {
    "alin",  "ang",   "ano",  "ating", "ay",      "ba",       "bakit",  "bilang", "dahil",    "din",
    "gaano", "hindi", "ilan", "isang", "ito",     "itong",    "kailan", "kami",   "kanilang", "kapag",
    "kayo",  "ko",    "kung", "may",   "mayroon", "mayroong", "mga",    "mo",     "na",       "namin",
    "nang",  "natin", "ng",   "ni",    "nila",    "nito",     "niya",   "paano",  "para",     "pero",
    "po",    "rin",   "sa",   "saan",  "sila",    "sino",     "siya",   "tayo",   "upang"};

template <std::size_t n>
bool holds(const std::string_view (&sorted)[n], std::string_view word) {
    return std::binary_search(std::begin(sorted), std::end(sorted), word);
}

/// Whether `longer` is `shorter` with one letter more.
bool is_one_letter_more(std::string_view longer, std::string_view shorter) {
    const auto apart = std::mismatch(shorter.begin(), shorter.end(), longer.begin());
    const auto at = static_cast<std::size_t>(apart.first - shorter.begin());
    return shorter.substr(at) == longer.substr(at + 1);
}

/// Whether a letter is missing, too many, or has changed places with its neighbour.
bool is_mistyped(std::string_view typed, std::string_view word) {
    if (typed.size() + 1 == word.size()) return is_one_letter_more(word, typed);
    if (typed.size() == word.size() + 1) return is_one_letter_more(typed, word);
    if (typed.size() != word.size()) return false;
    const auto apart = std::mismatch(typed.begin(), typed.end(), word.begin());
    const auto at = static_cast<std::size_t>(apart.first - typed.begin());
    return at + 1 < typed.size() && typed[at] == word[at + 1] && typed[at + 1] == word[at] &&
           typed.substr(at + 2) == word.substr(at + 2);
}

template <std::size_t n>
bool holds_mistyped(const std::string_view (&words)[n], std::string_view typed) {
    return std::any_of(std::begin(words), std::end(words),
                       [&](std::string_view word) { return word.size() >= 4 && is_mistyped(typed, word); });
}

}  // namespace

bool is_mistyped_small_word(std::string_view folded) {
    if (folded.size() < 4) return false;
    return holds_mistyped(english_stop_words, folded) || holds_mistyped(filipino_stop_words, folded) ||
           holds_mistyped(chatter, folded);
}

bool is_stop_word(std::string_view folded) {
    return holds(english_stop_words, folded) || holds(filipino_stop_words, folded);
}

bool is_chatter(std::string_view folded) {
    return holds(chatter, folded);
}

Language guess_language(const std::vector<Word>& words, Language otherwise) {
    int english = 0;
    int filipino = 0;
    for (const Word& word : words) {
        if (word.folded.size() > 9) continue;  // longer than any mark
        english += holds(english_marks, word.folded);
        filipino += holds(filipino_marks, word.folded);
    }
    if (english == filipino) return otherwise;
    return filipino > english ? Language::filipino : Language::english;
}

}  // namespace bb::materials::text
