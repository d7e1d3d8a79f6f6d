#include <algorithm>
#include <iterator>

#include "features/materials/text/words.hpp"

namespace bb::materials::text {
namespace {

// Sorted: it is searched by halving.
constexpr std::string_view everyday_words[] = {
    "able",        "actually",  "afternoon",   "ago",           "aking",       "akong",       "alam",
    "already",     "annoying",  "anybody",     "anymore",       "anyone",      "anything",    "anyway",
    "arent",       "around",    "assignment",  "assignments",   "aunt",        "awesome",     "badly",
    "basically",   "believe",   "best",        "better",        "bit",         "boring",      "boss",
    "boy",         "brother",   "btw",         "buddy",         "bukas",       "busy",        "came",
    "cant",        "care",      "cares",       "class",         "classes",     "classmate",   "classmates",
    "classroom",   "college",   "come",        "comes",         "coming",      "complain",    "complains",
    "completely",  "correctly", "couldnt",     "cousin",        "crazy",       "dad",         "deadline",
    "didnt",       "doesnt",    "dont",        "dude",          "early",       "easier",      "easily",
    "else",        "entire",    "eskuwela",    "eskwela",       "especially",  "essay",       "even",
    "evening",     "everybody", "everyone",    "everything",    "exam",        "exams",       "exercise",
    "exercises",   "fair",      "father",      "fault",         "feel",        "feels",       "felt",
    "figure",      "fine",      "forever",     "forget",        "forgets",     "forgot",      "forgotten",
    "friend",      "friends",   "fully",       "funny",         "gamit",       "gamitin",     "ganito",
    "ganoon",      "ganyan",    "ginagamit",   "ginamit",       "girl",        "goal",        "gonna",
    "good",        "gotta",     "grandfather", "grandma",       "grandmother", "great",       "group",
    "guess",       "gumamit",   "guy",         "guys",          "hand",        "handed",      "hands",
    "happy",       "hasnt",     "hate",        "havent",        "hope",        "hopefully",   "horrible",
    "house",       "huge",      "id",          "ill",           "im",          "immediately", "instead",
    "interesting", "isnt",      "ive",         "job",           "kahapon",     "kaibigan",    "kaibigang",
    "kaklase",     "kaklaseng", "kanina",      "keep",          "keeps",       "kept",        "kid",
    "kids",        "klase",     "lagi",        "laging",        "laptop",      "laptops",     "last",
    "lately",      "later",     "lets",        "life",          "literally",   "little",      "lola",
    "lolo",        "look",      "looked",      "looking",       "looks",       "lot",         "lots",
    "love",        "luck",      "luckily",     "mad",           "madalas",     "makes",       "malalaman",
    "malaman",     "mama",      "masyado",     "masyadong",     "mate",        "matter",      "matters",
    "medyo",       "mess",      "messed",      "mind",          "minsan",      "mistake",     "mom",
    "moment",      "monday",    "morning",     "mother",        "nakakalito",  "nalaman",     "nalilito",
    "nanay",       "never",     "next",        "nga",           "nice",        "night",       "nobody",
    "normally",    "notebook",  "nothing",     "obviously",     "old",         "omg",         "ones",
    "palagi",      "palaging",  "papa",        "parents",       "people",      "perfectly",   "phone",
    "pinsan",      "pls",       "plz",         "possible",      "possibly",    "pretty",      "probably",
    "problem",     "problems",  "professor",   "project",       "projects",    "properly",    "proyekto",
    "put",         "puts",      "putting",     "quick",         "quickly",     "quiz",        "ready",
    "real",        "reason",    "recently",    "right",         "sabi",        "said",        "sat",
    "saw",         "school",    "science",     "second",        "see",         "seems",       "seen",
    "seriously",   "sinabi",    "sister",      "sobra",         "sobrang",     "somebody",    "somehow",
    "someone",     "sometimes", "somewhere",   "soon",          "sorry",       "started",     "starting",
    "still",       "strange",   "struggle",    "struggling",    "stuck",       "student",     "students",
    "stupid",      "suddenly",  "super",       "suppose",       "supposed",    "surely",      "takdang",
    "take",        "taken",     "takes",       "taking",        "talaga",      "talagang",    "task",
    "tatay",       "terrible",  "thats",       "theres",        "thought",     "tired",       "tita",
    "tito",        "told",      "tonight",     "took",          "totally",     "trick",       "tried",
    "tries",       "trouble",   "true",        "truth",         "trying",      "tuesday",     "turns",
    "tutor",       "twice",     "uncle",       "unfortunately", "used",        "useful",      "using",
    "usually",     "wanna",     "wants",       "wasnt",         "week",        "weekend",     "weeks",
    "weird",       "went",      "whats",       "whole",         "wonder",      "wondered",    "wondering",
    "wont",        "worked",    "working",     "worried",       "worry",       "worse",       "worst",
    "wouldnt",     "wrong",     "yeah",        "yell",          "yelled",      "yells",       "youre"};

}  // namespace

bool is_everyday(std::string_view folded) {
    return std::binary_search(std::begin(everyday_words), std::end(everyday_words), folded);
}

}  // namespace bb::materials::text
