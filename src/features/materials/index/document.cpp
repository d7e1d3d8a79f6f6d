#include "features/materials/index/document.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "features/materials/index/renewal.hpp"
#include "features/materials/text/filipino.hpp"

namespace bb::materials::index {
namespace {

/// Words by their index form, with hits in the order of passages.
class Collector {
public:
    void start_passage(std::int32_t ordinal, text::Language language) {
        ordinal_ = ordinal;
        language_ = language;
        length_ = 0;
    }

    void add(std::string_view text) {
        for (text::Word& word : text::words_of(text)) {
            if (text::is_stop_word(word.folded)) continue;
            ++length_;
            count(std::move(word.folded));
        }
    }

    /// Counts words of headings without making the passage longer.
    void add_heading(std::string_view heading) {
        const int length = length_;
        add(heading);
        length_ = length;
    }

    int finish_passage() {
        for (const std::size_t i : touched_) words_[i].hits.back().length = length_;
        touched_.clear();
        return length_;
    }

    std::vector<DocumentWord> take() { return std::move(words_); }

private:
    void count(std::string word) {
        const bool is_term = language_ == text::Language::filipino;
        auto& places = is_term ? filipino_ : english_;
        const auto [place, fresh] = places.try_emplace(word, words_.size());
        if (fresh) words_.push_back(DocumentWord{is_term ? text::filipino_stem(word) : word, is_term, {}});
        auto& hits = words_[place->second].hits;
        if (hits.empty() || hits.back().ordinal != ordinal_) {
            hits.push_back(Hit{ordinal_, 0, 0});
            touched_.push_back(place->second);
        }
        ++hits.back().times;
    }

    std::unordered_map<std::string, std::size_t> english_;
    std::unordered_map<std::string, std::size_t> filipino_;
    std::vector<DocumentWord> words_;
    std::vector<std::size_t> touched_;
    std::int32_t ordinal_ = 0;
    text::Language language_ = text::Language::english;
    int length_ = 0;
};

void join_neighbours(std::vector<Hit>& hits) {
    std::stable_sort(hits.begin(), hits.end(),
                     [](const Hit& a, const Hit& b) { return a.ordinal < b.ordinal; });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < hits.size(); ++i) {
        if (hits[i].ordinal == hits[kept].ordinal) {
            hits[kept].times += hits[i].times;
        } else {
            hits[++kept] = hits[i];
        }
    }
    if (!hits.empty()) hits.resize(kept + 1);
}

}  // namespace

Document prepare(std::string_view title, std::string_view content, text::Format format) {
    Document document;
    document.passages = text::cut_passages(content, format);
    Collector collect;
    for (const text::Passage& passage : document.passages) {
        collect.start_passage(static_cast<std::int32_t>(document.lengths.size()), passage.language);
        collect.add(passage.text);
        collect.add_heading(title);
        for (const auto& heading : passage.heading_path) collect.add_heading(heading);
        document.lengths.push_back(collect.finish_passage());
        document.fingerprints.push_back(fingerprint(passage));
    }
    document.words = collect.take();
    return document;
}

std::vector<DocumentTerm> join_terms(const std::vector<DocumentWord>& words,
                                     const std::vector<std::string>& terms) {
    std::map<std::string_view, std::vector<Hit>> by_term;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (terms[i].empty()) continue;
        auto& hits = by_term[terms[i]];
        hits.insert(hits.end(), words[i].hits.begin(), words[i].hits.end());
    }
    std::vector<DocumentTerm> joined;
    joined.reserve(by_term.size());
    for (auto& [term, hits] : by_term) {
        join_neighbours(hits);
        joined.push_back(DocumentTerm{std::string(term), std::move(hits)});
    }
    return joined;
}

}  // namespace bb::materials::index
