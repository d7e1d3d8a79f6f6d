#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "features/materials/index/postings.hpp"
#include "features/materials/text/passages.hpp"

namespace bb::materials::index {

/// A word of a document and the passages that hold it.
struct DocumentWord {
    std::string word;
    bool is_term = false;  // a Filipino stem: a term already; others become one in the English dictionary
    std::vector<Hit> hits;
};

/// A text made ready for the index; pure, so that large ones can be prepared away from the event loop.
struct Document {
    std::vector<text::Passage> passages;
    std::vector<int> lengths;                  // words that count, of each passage
    std::vector<crypto::Digest> fingerprints;  // of each passage, see renewal.hpp
    std::vector<DocumentWord> words;
};

/// Cuts `content` and collects the words of each passage; words of its title and headings count with it.
Document prepare(std::string_view title, std::string_view content, text::Format format);

/// A term with its hits, each ordinal once.
struct DocumentTerm {
    std::string term;
    std::vector<Hit> hits;
};

/// Joins words that have become the same term. `terms` stands beside `words`; empty ones are left out.
std::vector<DocumentTerm> join_terms(const std::vector<DocumentWord>& words,
                                     const std::vector<std::string>& terms);

}  // namespace bb::materials::index
