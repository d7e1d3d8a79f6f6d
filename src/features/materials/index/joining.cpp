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

// One that begins elsewhere by now was cut again in between. The text of a single passage lies beside it; a
// longer stretch has to be cut out of the whole.
constexpr const char* stretches_sql =
    "SELECT asked.n, p.id, s.material_id, s.entry_id, s.file_id, m.title, coalesce(e.title, f.name), "
    "  p.heading_path, p.page, p.text, p.end_at, CASE WHEN asked.behind > p.end_at THEN "
    "  substring(coalesce(e.content, f.text) FROM p.start_at + 1 FOR asked.behind - p.start_at) END "
    "FROM unnest($2::bigint[], $3::int[], $4::int[], $5::int[]) WITH ORDINALITY "
    "  AS asked (source_id, ordinal, first, behind, n) "
    "JOIN passages p ON p.source_id = asked.source_id AND p.ordinal = asked.ordinal AND p.owner_id = $1 "
    "  AND p.start_at = asked.first "
    "JOIN sources s ON s.id = p.source_id AND s.owner_id = $1 "
    "JOIN materials m ON m.owner_id = $1 AND m.id = s.material_id AND m.deleted_at IS NULL "
    "LEFT JOIN entries e ON e.owner_id = $1 AND e.id = s.entry_id "
    "LEFT JOIN files f ON f.owner_id = $1 AND f.id = s.file_id "
    "ORDER BY asked.n";

/// The head of its table that a passage of `own` code points has in front of what stands there.
std::string_view repeated_head(std::string_view text, std::size_t own) {
    const auto length = utf8::length(text);
    return length > own ? text.substr(0, utf8::offset_of(text, length - own)) : std::string_view();
}

std::map<Place, const Outline*> by_place(const std::vector<Outline>& outlines) {
    std::map<Place, const Outline*> map;
    for (const auto& one : outlines) map[one.place] = &one;
    return map;
}

class Joiner {
public:
    Joiner(const std::vector<Outline>& outlines, std::size_t limit)
        : passages_(by_place(outlines)), limit_(limit) {}

    void add(const Ranked& one) {
        const auto found = passages_.find(one.place);
        if (found == passages_.end() || joins_one(one)) return;
        const auto same = std::count_if(stretches_.begin(), stretches_.end(), [&](const Stretch& other) {
            return other.first.source == one.place.source;
        });
        auto& list = same < many_of_source ? stretches_ : later_;
        if (list.size() == limit_) return;
        const bool alone = limit_ > most_joined && stretches_.size() + later_.size() >= most_joined;
        const Outline& at = *found->second;
        Stretch stretch{one.place, 1, at.start, at.end, one.score, one.concepts, alone};
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
        const Outline& added = *found->second;
        const Outline& begins = *passages_.at(first);
        if (added.heading_path != begins.heading_path || added.page != begins.page) return false;
        const auto start = std::min(added.start, stretch.start);
        const auto end = std::max(added.end, stretch.end);
        if (end - start > longest) return false;
        ++stretch.count;
        stretch.start = start;
        stretch.end = end;
        if (before) stretch.first = place;
        return true;
    }

    std::map<Place, const Outline*> passages_;
    std::size_t limit_;
    std::vector<Stretch> stretches_;
    std::vector<Stretch> later_;
};

FoundPassage read_stretch(const db::Row& row, const Stretch& stretch) {
    FoundPassage found;
    found.passage = row.get<std::int64_t>(1);
    found.material = row.get<MaterialId>(2);
    found.entry = row.get<std::optional<EntryId>>(3);
    found.file = row.get<std::optional<FileId>>(4);
    found.material_title = row.get<std::string>(5);
    found.title = row.get<std::string>(6);
    found.heading_path = row.get<std::vector<std::string>>(7);
    found.page = row.get<std::optional<std::int32_t>>(8);
    found.text = row.get<std::string>(9);
    found.start = stretch.start;
    found.end = stretch.end;
    found.score = stretch.score;
    if (row.is_null(11)) return found;
    const auto own = static_cast<std::size_t>(row.get<std::int32_t>(10) - stretch.start);
    found.text = std::string(repeated_head(found.text, own));
    found.text += row.get<std::string_view>(11);
    return found;
}

}  // namespace

std::vector<Place> with_neighbours(const std::vector<Ranked>& ranked) {
    std::set<Place> places;
    for (const Ranked& one : ranked)
        for (int step = -1; step <= 1; ++step)
            places.insert(Place{one.place.source, std::max(one.place.ordinal + step, 0)});
    return {places.begin(), places.end()};
}

std::vector<Stretch> join_passages(const std::vector<Ranked>& ranked, const std::vector<Outline>& outlines,
                                   std::size_t limit) {
    Joiner joiner(outlines, limit);
    for (const Ranked& one : ranked) joiner.add(one);
    return joiner.take();
}

Task<std::vector<FoundPassage>> read_stretches(db::Database& db, UserId owner,
                                               const std::vector<Stretch>& stretches) {
    std::vector<std::int64_t> sources;
    std::vector<std::int32_t> ordinals;
    std::vector<std::int32_t> starts;
    std::vector<std::int32_t> ends;
    for (const Stretch& stretch : stretches) {
        sources.push_back(stretch.first.source);
        ordinals.push_back(stretch.first.ordinal);
        starts.push_back(stretch.start);
        ends.push_back(stretch.end);
    }
    std::vector<FoundPassage> found;
    for (const auto row : co_await db.query(stretches_sql, owner, sources, ordinals, starts, ends))
        found.push_back(read_stretch(row, stretches[static_cast<std::size_t>(row.get<std::int64_t>(0)) - 1]));
    co_return found;
}

}  // namespace bb::materials::index
