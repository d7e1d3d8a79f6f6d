#include <algorithm>
#include <map>
#include <set>

#include "base/net/pool.hpp"
#include "features/materials/entries.hpp"
#include "features/materials/materials.hpp"
#include "unit/support/test_database.hpp"

namespace bb::materials {
namespace {

struct Row {
    std::int64_t id;
    std::string text;
    std::string path;
    std::int32_t ordinal, start, end;
};

/// A text with one section for each of `words`.
std::string sections(const std::vector<std::string>& words) {
    std::string content;
    for (const auto& word : words)
        content += "# About " + word + "\n\nThis tells of " + word + " and of nothing else.\n\n";
    return content;
}

class KeptPassagesTest : public test::DatabaseTest {
protected:
    KeptPassagesTest() : ana_(person("ana")), entries_(db(), pool_), in_(material(ana_)) {}

    UserId person(const std::string& name) {
        const UserId id = UserId::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + id.text() + "', '" + name +
                         "@example.org', '" + name + "', 'student')");
        return id;
    }
    MaterialId material(UserId owner) {
        NewMaterial input;
        input.title = "Notes";
        Materials materials(db());
        return await(materials.create(owner, MaterialId::make(), input))->id;
    }
    EntryId write(UserId owner, MaterialId in, std::string content) {
        NewEntry input;
        input.title = "All of it";
        input.content = std::move(content);
        return await(entries_.create(owner, in, EntryId::make(), input))->id;
    }
    /// Gives the entry another text, and looks whether its passages are those of that text.
    std::vector<Row> edit(EntryId id, std::string content) {
        EntryChange change;
        change.content = content;
        EXPECT_TRUE(await(entries_.change(ana_, in_, id, change, http::IfMatch())));
        const auto now = rows();
        for (std::size_t i = 0; i < now.size(); ++i) {
            EXPECT_EQ(now[i].ordinal, static_cast<std::int32_t>(i));
            EXPECT_EQ(now[i].text, content.substr(static_cast<std::size_t>(now[i].start),
                                                  static_cast<std::size_t>(now[i].end - now[i].start)));
        }
        return now;
    }
    std::vector<Row> rows() {
        std::vector<Row> all;
        for (const auto row :
             await(db().query("SELECT id, text, array_to_string(heading_path, '>'), ordinal, start_at, "
                              "end_at FROM passages WHERE owner_id = $1 ORDER BY ordinal",
                              ana_)))
            all.push_back(Row{row.get<std::int64_t>(0), row.get<std::string>(1), row.get<std::string>(2),
                              row.get<std::int32_t>(3), row.get<std::int32_t>(4), row.get<std::int32_t>(5)});
        return all;
    }
    /// All that the index of a person has but the ids, in words.
    std::string index_of(UserId owner) {
        const auto passages = await(
            db().query("SELECT string_agg(concat_ws('|', ordinal, heading_path::text, start_at, end_at, "
                       "text, language, length, page), E'\n' ORDER BY ordinal) "
                       "FROM passages WHERE owner_id = $1",
                       owner));
        const auto terms =
            await(db().query("SELECT string_agg(concat_ws('|', v.term, v.passages, p.passages, p.hits, "
                             "(SELECT count(*) FROM vocabulary_trigrams t WHERE t.term_id = v.id)), E'\n' "
                             "ORDER BY v.term) FROM vocabulary v LEFT JOIN postings p ON p.term_id = v.id "
                             "WHERE v.owner_id = $1",
                             owner));
        const auto counts =
            await(db().query("SELECT passages || ' ' || length FROM corpora WHERE owner_id = $1", owner));
        return passages[0].get<std::optional<std::string>>(0).value_or("") + "\n" +
               terms[0].get<std::optional<std::string>>(0).value_or("") + "\n" +
               counts[0].get<std::string>(0);
    }
    /// The index is what it would be if the text had never been another.
    void expect_as_if_new(const std::string& content) {
        const auto other = person("new" + std::to_string(++others_));
        write(other, material(other), content);
        EXPECT_EQ(index_of(ana_), index_of(other));
    }

    net::BlockingPool pool_{1};
    UserId ana_;
    Entries entries_;
    MaterialId in_;
    int others_ = 0;
};

TEST_F(KeptPassagesTest, AnEditInTheMiddleRenewsOnlyThatPassage) {
    const auto id = write(ana_, in_, sections({"rivers", "lakes", "seas"}));
    const auto before = rows();
    ASSERT_EQ(before.size(), 3u);
    const auto content = sections({"rivers", "many more swamps", "seas"});
    const auto now = edit(id, content);
    ASSERT_EQ(now.size(), 3u);
    EXPECT_EQ(now[0].id, before[0].id);
    EXPECT_NE(now[1].id, before[1].id);
    EXPECT_EQ(now[2].id, before[2].id);
    expect_as_if_new(content);
}

TEST_F(KeptPassagesTest, AnInsertAtTheStartMovesAllOthers) {
    const auto id = write(ana_, in_, sections({"rivers", "lakes", "seas"}));
    const auto before = rows();
    const auto content = sections({"springs", "wells", "rivers", "lakes", "seas"});
    const auto now = edit(id, content);
    ASSERT_EQ(now.size(), 5u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(now[i + 2].id, before[i].id);
    expect_as_if_new(content);
    const auto back = edit(id, sections({"lakes", "seas"}));
    ASSERT_EQ(back.size(), 2u);
    EXPECT_EQ(back[0].id, before[1].id);
    EXPECT_EQ(back[1].id, before[2].id);
    expect_as_if_new(sections({"lakes", "seas"}));
}

TEST_F(KeptPassagesTest, PassagesThatChangePlacesKeepTheirIds) {
    const auto id = write(ana_, in_, sections({"rivers", "lakes", "seas", "ponds"}));
    const auto before = rows();
    const auto content = sections({"ponds", "seas", "lakes", "rivers"});
    const auto now = edit(id, content);
    ASSERT_EQ(now.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(now[i].id, before[3 - i].id);
    expect_as_if_new(content);
}

TEST_F(KeptPassagesTest, OfPassagesThatSayTheSameTheFirstStay) {
    const auto id = write(ana_, in_, sections({"rivers", "rivers", "seas", "rivers"}));
    const auto before = rows();
    ASSERT_EQ(before.size(), 4u);
    const auto content = sections({"rivers", "seas", "rivers"});
    const auto now = edit(id, content);
    ASSERT_EQ(now.size(), 3u);
    EXPECT_EQ(now[0].id, before[0].id);
    EXPECT_EQ(now[1].id, before[2].id);
    EXPECT_EQ(now[2].id, before[1].id);
    expect_as_if_new(content);
}

TEST_F(KeptPassagesTest, NothingStaysWhenAllIsChangedOrTheTitleIs) {
    const auto id = write(ana_, in_, sections({"rivers", "lakes"}));
    std::set<std::int64_t> seen;
    for (const auto& one : rows()) seen.insert(one.id);
    for (const auto& one : edit(id, sections({"hills", "rocks"}))) EXPECT_TRUE(seen.insert(one.id).second);
    expect_as_if_new(sections({"hills", "rocks"}));
    EntryChange title;
    title.title = "Another";
    ASSERT_TRUE(await(entries_.change(ana_, in_, id, title, http::IfMatch())));
    for (const auto& one : rows()) EXPECT_TRUE(seen.insert(one.id).second) << "vectors are of the title too";
    EXPECT_TRUE(edit(id, " ").empty());
    EXPECT_EQ(edit(id, sections({"hills"})).size(), 1u);
}

TEST_F(KeptPassagesTest, TheSameTextUnderAnotherHeadingIsAnotherPassage) {
    const auto id = write(ana_, in_, "# Water\n\nIt flows.\n\n# Fire\n\nIt burns.\n");
    const auto before = rows();
    const auto now = edit(id, "# Waters\n\nIt flows.\n\n# Fire\n\nIt burns.\n");
    ASSERT_EQ(now.size(), 2u);
    EXPECT_NE(now[0].id, before[0].id);
    EXPECT_EQ(now[1].id, before[1].id);
}

TEST_F(KeptPassagesTest, VectorsStayWithTheirPassages) {
    const auto id = write(ana_, in_, sections({"rivers", "lakes", "seas"}));
    const auto before = rows();
    cluster().script(
        "INSERT INTO passage_vectors (passage_id, owner_id, model, dimensions, scale, numbers) "
        "SELECT id, owner_id, 'm', 1, 1, '\\x01' FROM passages");
    edit(id, sections({"wells", "rivers", "ponds", "seas"}));
    const auto left = await(db().query("SELECT passage_id FROM passage_vectors ORDER BY passage_id"));
    ASSERT_EQ(left.size(), 2);
    EXPECT_EQ(left[0].get<std::int64_t>(0), before[0].id);
    EXPECT_EQ(left[1].get<std::int64_t>(0), before[2].id);
}

}  // namespace
}  // namespace bb::materials
