#include <map>

#include "base/core/utf8.hpp"
#include "unit/features/materials/search_case.hpp"

namespace bb::materials {
namespace {

constexpr std::string_view head = "| Province | Capital | Known for |\n";

std::string provinces(int rows, const std::string& special = "mangoes") {
    std::string table = std::string(head) + "| --- | --- | --- |\n";
    for (int i = 0; i < rows; ++i)
        table += "| Lalawigan " + std::to_string(1000 + i) + " | Bayan " + std::to_string(1000 + i) + " | " +
                 (i == 70 ? special : "rice and coconuts") + " |\n";
    return table;
}

class TablePassages : public SearchTest {
protected:
    std::map<std::string, std::int64_t> ids() {
        std::map<std::string, std::int64_t> found;
        for (const auto row : await(db().query("SELECT text, id FROM passages")))
            found.emplace(row.get<std::string>(0), row.get<std::int64_t>(1));
        return found;
    }
};

TEST_F(TablePassages, AreFoundWithTheirHeadAndInTheirPlaceAlsoWhenTheyAreJoined) {
    const auto table = provinces(120);
    write(ana_, material(ana_, "Geography"), "Provinces", table);
    const auto found = find(ana_, "Which province is known for mangoes?");
    ASSERT_FALSE(found.passages.empty());
    const FoundPassage& best = found.passages[0];
    const auto from = utf8::offset_of(table, static_cast<std::size_t>(best.start));
    const auto own = table.substr(from, utf8::offset_of(table, static_cast<std::size_t>(best.end)) - from);
    ASSERT_GT(best.start, 0) << "the middle of the table";
    EXPECT_NE(own.find("mangoes"), std::string::npos);
    EXPECT_EQ(best.text, std::string(head) + own);
    const auto longest = await(db().query("SELECT max(end_at - start_at) FROM passages"));
    EXPECT_GT(best.end - best.start, longest[0].get<std::int32_t>(0)) << "it was joined with a neighbour";
}

TEST_F(TablePassages, KeepTheirIdsWhereTheirRowsStay) {
    const auto in = material(ana_, "Geography");
    const auto entry = write(ana_, in, "Provinces", provinces(120));
    const auto before = ids();
    ASSERT_GT(before.size(), 4u);
    EntryChange change;
    change.content = provinces(120, "lanzones");
    Entries entries(db(), pool_);
    ASSERT_TRUE(await(entries.change(ana_, in, entry.id, change, http::IfMatch())));
    std::size_t kept = 0;
    for (const auto& [text, id] : ids()) {
        const auto same = before.find(text);
        if (same == before.end()) continue;
        EXPECT_EQ(same->second, id);
        ++kept;
    }
    EXPECT_EQ(kept, before.size() - 1);
}

}  // namespace
}  // namespace bb::materials
