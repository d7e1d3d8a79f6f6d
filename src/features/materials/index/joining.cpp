#include "features/materials/index/joining.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/core/utf8.hpp"

namespace bb::materials::index {
namespace {

// Code points. A student's question fits into a prompt with eight stretches of this length on the average.
constexpr std::int32_t longest_joined = 2'600;
constexpr std::int32_t long_enough = 1'800;  // is not made longer by what was not found
constexpr int many_of_source = 4;
constexpr std::size_t most_joined = 10;

constexpr const char* texts_sql =
    "SELECT n::int, substring(coalesce(e.content, f.text) FROM asked.first + 1 FOR asked.behind - "
    "asked.first) "
    "FROM unnest($2::bigint[], $3::int[], $4::int[]) WITH ORDINALITY AS asked (source_id, first, behind, n) "
    "JOIN sources s ON s.id = asked.source_id AND s.owner_id = $1 "
    "LEFT JOIN entries e ON e.owner_id = $1 AND e.id = s.entry_id "
    "LEFT JOIN files f ON f.owner_id = $1 AND f.id = s.file_id";

/// The head of its table that a passage has in front of what stands in its range.
std::string_view repeated_head(const FoundPassage& passage) {
    const std::string_view text = passage.text;
    const auto length = utf8::length(text);
    const auto own = static_cast<std::size_t>(passage.end - passage.start);
    return length > own ? text.substr(0, utf8::offset_of(text, length - own)) : std::string_view();
}

std::map<Place, const FoundPassage*> by_place(const std::vector<PlacedPassage>& placed) {
    std::map<Place, const FoundPassage*> map;
    for (const auto& one : placed) map[one.place] = &one.passage;
    return map;
}

class Joiner {
public:
    Joiner(const std::vector<PlacedPassage>& placed, std::size_t limit)
        : passages_(by_place(placed)), limit_(limit) {}

    void add(const Ranked& one) {
        if (passages_.count(one.place) == 0 || joins_one(one)) return;
        const auto same = std::count_if(stretches_.begin(), stretches_.end(), [&](const Stretch& other) {
            return other.first.source == one.place.source;
        });
        auto& list = same < many_of_source ? stretches_ : later_;
        if (list.size() == limit_) return;
        const bool alone = limit_ > most_joined && stretches_.size() + later_.size() >= most_joined;
        Stretch stretch{one.place, 1, one.score, one.concepts, alone};
        grow(stretch, Place{one.place.source, one.place.ordinal + 1}, long_enough);
        grow(stretch, Place{one.place.source, one.place.ordinal - 1}, long_enough);
        list.push_back(stretch);
    }

    std::vector<Stretch> take() {
        stretches_.insert(stretches_.end(), later_.begin(), later_.end());
        if (stretches_.size() > limit_) stretches_.resize(limit_);
        return std::move(stretches_);
    }

private:
    bool joins_one(const Ranked& one) {
        const auto inside = [&](const Stretch& stretch) {
            return holds(stretch, one.place);
        };
        const auto grows = [&](Stretch& stretch) {
            return grow(stretch, one.place, longest_joined);
        };
        Stretch* joined = first_that(inside);
        if (!joined) joined = first_that(grows);
        if (joined) joined->concepts |= one.concepts;
        return joined != nullptr;
    }

    static bool holds(const Stretch& stretch, Place place) {
        return stretch.first <= place && place <= stretch.last();
    }

    template <class Test>
    Stretch* first_that(Test test) {
        for (auto* list : {&stretches_, &later_})
            for (Stretch& stretch : *list)
                if (test(stretch)) return &stretch;
        return nullptr;
    }

    /// Takes the passage at `place` into the stretch when it goes on there, leaves it at most `longest` and
    /// is in no other.
    bool grow(Stretch& stretch, Place place, std::int32_t longest) {
        if (stretch.alone || first_that([&](const Stretch& other) { return holds(other, place); }))
            return false;
        const auto first = stretch.first;
        const auto last = stretch.last();
        const bool before = place == Place{first.source, first.ordinal - 1};
        const bool behind = place == Place{last.source, last.ordinal + 1};
        const auto found = passages_.find(place);
        if (found == passages_.end() || (!before && !behind)) return false;
        const FoundPassage& added = *found->second;
        const FoundPassage& from = *passages_.at(first);
        const FoundPassage& to = *passages_.at(last);
        if (added.heading_path != from.heading_path || added.page != from.page) return false;
        if (std::max(added.end, to.end) - std::min(added.start, from.start) > longest) return false;
        ++stretch.count;
        if (before) stretch.first = place;
        return true;
    }

    std::map<Place, const FoundPassage*> passages_;
    std::size_t limit_;
    std::vector<Stretch> stretches_;
    std::vector<Stretch> later_;
};

}  // namespace

std::vector<Ranked> with_neighbours(const std::vector<Ranked>& ranked) {
    std::set<Place> places;
    for (const Ranked& one : ranked)
        for (int step = -1; step <= 1; ++step)
            places.insert(Place{one.place.source, std::max(one.place.ordinal + step, 0)});
    std::vector<Ranked> all;
    for (const Place& place : places) all.push_back(Ranked{place, 0, 0});
    return all;
}

std::vector<Stretch> join_passages(const std::vector<Ranked>& ranked,
                                   const std::vector<PlacedPassage>& placed, std::size_t limit) {
    Joiner joiner(placed, limit);
    for (const Ranked& one : ranked) joiner.add(one);
    return joiner.take();
}

Task<std::vector<FoundPassage>> read_stretches(db::Database& db, UserId owner,
                                               const std::vector<Stretch>& stretches,
                                               const std::vector<PlacedPassage>& placed) {
    const auto passages = by_place(placed);
    std::vector<FoundPassage> found;
    std::vector<std::int64_t> sources;
    std::vector<std::int32_t> starts;
    std::vector<std::int32_t> ends;
    std::vector<std::size_t> joined;
    for (const Stretch& stretch : stretches) {
        FoundPassage passage = *passages.at(stretch.first);
        passage.score = stretch.score;
        passage.end = passages.at(stretch.last())->end;
        if (stretch.count > 1) {
            joined.push_back(found.size());
            sources.push_back(stretch.first.source);
            starts.push_back(passage.start);
            ends.push_back(passage.end);
        }
        found.push_back(std::move(passage));
    }
    if (joined.empty()) co_return found;
    for (const auto row : co_await db.query(texts_sql, owner, sources, starts, ends)) {
        const auto n = static_cast<std::size_t>(row.get<std::int32_t>(0)) - 1;
        found[joined[n]].text = std::string(repeated_head(*passages.at(stretches[joined[n]].first)));
        found[joined[n]].text += row.get<std::string_view>(1);
    }
    co_return found;
}

}  // namespace bb::materials::index
