#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bb::materials::index {

/// Where a passage stands in the index.
struct Place {
    std::int64_t source = 0;
    std::int32_t ordinal = 0;
    auto operator<=>(const Place&) const = default;
};

struct Ranked {
    Place place;
    double score = 0;
    std::uint32_t concepts = 0;  // bit i: holds concept i of the question
};

/// How much there is in the index, for BM25.
struct Statistics {
    std::int64_t passages = 0;
    double mean_length = 1;
};

/// Inverse document frequency of something that `found` of the passages hold.
double rarity(const Statistics& statistics, std::int64_t found);

/// Adds up the BM25 score of every passage, term by term.
class Ranking {
public:
    explicit Ranking(Statistics statistics);
    ~Ranking();
    Ranking(const Ranking&) = delete;

    /// Adds the packed hits of one term in one source. `concept_index` below 32; `weight` is the rarity of
    /// the concept, less for a term that is only close to the word of the question.
    void add(std::int64_t source, std::string_view hits, int concept_index, double weight);

    /// The best `count`, best first, each with a share of its better neighbour's score; ties go to the
    /// earlier place.
    std::vector<Ranked> best(std::size_t count) const;

private:
    struct Impl;
    Statistics statistics_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bb::materials::index
