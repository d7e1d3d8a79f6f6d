#pragma once
#include <optional>

namespace bb::materials::extract {

/// The command of the reading process, which is no command for people: standard input is a file, standard
/// output becomes what is read in it.
inline constexpr const char* reading_word = "read-a-file";

/// What it does with the file: the word after `reading_word`. One more follows.
inline constexpr const char* read_kind = "kind";  // its text by our own readers; NAME of the file
inline constexpr const char* read_pdf = "pdf";    // the text of its pages "FIRST-LAST"
inline constexpr const char* list_pdf_pictures = "pdf-pictures";  // which pages have some; "LAST" page
inline constexpr const char* read_pdf_picture = "pdf-picture";    // a page as a PNG picture; its NUMBER
inline constexpr const char* read_picture = "picture";            // the text in a picture; "-"

/// How the reading process ends of itself, besides 0.
enum ReadingEnd {
    refused = 110,      // standard output is the name of a Fault, a line break, and a sentence
    not_shut_in = 111,  // standard output says why
};

/// Does the work of the reading process when these are its words, and gives its exit code. Nothing else of
/// the program has begun by then, and no secret has been read.
std::optional<int> read_as_child(int argc, char** argv);

}  // namespace bb::materials::extract
