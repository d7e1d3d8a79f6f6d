#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>

#include "features/materials/index/lookup.hpp"

namespace bb::materials::index {
namespace {

constexpr const char* postings_sql =
    "SELECT p.term_id, p.source_id, p.hits FROM postings p "
    "JOIN materials m ON m.owner_id = $1 AND m.id = p.material_id AND m.deleted_at IS NULL "
    "WHERE p.owner_id = $1 AND p.term_id = ANY($2) "
    "  AND CASE WHEN cardinality($3::uuid[]) > 0 THEN m.id = ANY($3) ELSE m.active OR $4 END";
constexpr const char* postings_of_sources_sql =
    "SELECT p.term_id, p.source_id, p.hits FROM postings p "
    "WHERE p.owner_id = $1 AND p.term_id = ANY($2) AND p.source_id = ANY($3)";

// Passages whose postings are read in full; words more common than that only sort what rarer words have
// found.
constexpr std::int64_t budget = 30'000;
constexpr std::size_t contenders = 300;

constexpr const char* outlines_sql =
    "SELECT p.source_id, p.ordinal, p.start_at, p.end_at, p.heading_path, p.page "
    "FROM unnest($2::bigint[], $3::int[]) AS asked (source_id, ordinal) "
    "JOIN passages p ON p.source_id = asked.source_id AND p.ordinal = asked.ordinal AND p.owner_id = $1";

/// What a term adds where it is found.
struct Weight {
    int concept_index;
    double weight;
};
using Weights = std::unordered_multimap<std::int64_t, Weight>;

void add_rows(Ranking& ranking, const db::Rows& rows, const Weights& weights) {
    for (const auto row : rows) {
        const auto [from, to] = weights.equal_range(row.get<std::int64_t>(0));
        for (auto it = from; it != to; ++it)
            ranking.add(row.get<std::int64_t>(1), row.get<std::string_view>(2), it->second.concept_index,
                        it->second.weight);
    }
}

/// The terms of the concepts, split into those that are read in full and those that only sort.
struct Reading {
    std::vector<std::int64_t> full;
    std::vector<std::int64_t> sorting;
    Weights weights;
};

Reading plan_reading(const Matches& matches) {
    std::vector<std::size_t> order(matches.concepts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return matches.concepts[a].passages() < matches.concepts[b].passages();
    });
    Reading reading;
    std::int64_t read = 0;
    for (const std::size_t i : order) {
        const Concept& asked = matches.concepts[i];
        const double rare = rarity(matches.statistics, asked.passages()) * asked.asked.importance();
        const bool in_full = reading.full.empty() || read + asked.passages() <= budget;
        if (in_full) read += asked.passages();
        for (const MatchedTerm& term : asked.terms) {
            (in_full ? reading.full : reading.sorting).push_back(term.id);
            reading.weights.emplace(term.id, Weight{static_cast<int>(i), rare * term.closeness});
        }
    }
    return reading;
}

std::vector<std::int64_t> sources_of(const std::vector<Ranked>& ranked) {
    std::set<std::int64_t> sources;
    for (const Ranked& one : ranked) sources.insert(one.place.source);
    return {sources.begin(), sources.end()};
}

}  // namespace

Task<std::vector<Ranked>> rank(db::Database& db, UserId owner, const Matches& matches, Scope scope,
                               std::size_t count) {
    const Reading reading = plan_reading(matches);
    if (reading.full.empty()) co_return std::vector<Ranked>();
    Ranking ranking(matches.statistics);
    const auto rows =
        co_await db.query(postings_sql, owner, reading.full, scope.materials, scope.inactive_too);
    add_rows(ranking, rows, reading.weights);
    auto best = ranking.best(std::max(count, contenders));
    if (!reading.sorting.empty() && !best.empty()) {
        const auto sources = sources_of(best);
        const auto more = co_await db.query(postings_of_sources_sql, owner, reading.sorting, sources);
        add_rows(ranking, more, reading.weights);
        best = ranking.best(std::max(count, contenders));
    }
    co_return best;
}

Task<std::vector<Outline>> outlines(db::Database& db, UserId owner, const std::vector<Place>& places) {
    std::vector<std::int64_t> sources;
    std::vector<std::int32_t> ordinals;
    for (const Place& place : places) {
        sources.push_back(place.source);
        ordinals.push_back(place.ordinal);
    }
    std::vector<Outline> found;
    for (const auto row : co_await db.query(outlines_sql, owner, sources, ordinals)) {
        Outline one;
        one.place = {row.get<std::int64_t>(0), row.get<std::int32_t>(1)};
        one.start = row.get<std::int32_t>(2);
        one.end = row.get<std::int32_t>(3);
        one.heading_path = row.get<std::vector<std::string>>(4);
        one.page = row.get<std::optional<std::int32_t>>(5);
        found.push_back(std::move(one));
    }
    co_return found;
}

}  // namespace bb::materials::index
