#include "features/materials/sharing/copying.hpp"

#include <gtest/gtest.h>

#include "base/net/pool.hpp"
#include "features/materials/entries.hpp"
#include "features/materials/files.hpp"
#include "features/materials/materials.hpp"
#include "unit/support/test_database.hpp"

namespace bb::materials {
namespace {

class HalfCopies : public test::DatabaseTest {
protected:
    HalfCopies() {
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + reader_.text() +
                         "', 'reader@example.org', 'reader', 'student')");
    }

    /// A copy with a text and a file, both with `word` in them; `begun` and `finished` in SQL.
    MaterialId copy(const std::string& word, const std::string& begun, const std::string& finished) {
        Materials materials(db());
        NewMaterial input;
        input.title = word;
        const auto id = await(materials.create(reader_, MaterialId::make(), input))->id;
        Entries entries(db(), pool_);
        NewEntry entry;
        entry.title = word;
        entry.content = "A text about " + word + ".";
        EXPECT_TRUE(await(entries.create(reader_, id, EntryId::make(), entry)));
        Files files(db(), pool_);
        NewFile file;
        file.name = word + ".txt";
        file.media_type = "text/plain";
        file.text = "A file about " + word + ".";
        const std::vector<NewFile> one(1, file);
        EXPECT_TRUE(await(files.create(reader_, id, FileId::make(), one)));
        cluster().script(
            "INSERT INTO material_origins (material_id, owner_id, origin_material, created_at, "
            "finished_at) VALUES ('" +
            id.text() + "', '" + reader_.text() + "', gen_random_uuid(), " + begun + ", " + finished + ")");
        return id;
    }
    std::vector<std::string> listed() {
        Materials materials(db());
        const auto page = await(materials.list(reader_, MaterialFilter(), http::PageQuery()));
        std::vector<std::string> titles;
        for (const Material& material : page->items) titles.push_back(material.title);
        return titles;
    }

    net::BlockingPool pool_{1};
    UserId reader_ = UserId::make();
};

TEST_F(HalfCopies, AreInNoListAndGoWithAllTheyHold) {
    const auto left = copy("volcano", "now() - interval '2 hours'", "NULL");
    const auto on_its_way = copy("glacier", "now() - interval '10 minutes'", "NULL");
    const auto whole = copy("meadow", "now() - interval '2 hours'", "now() - interval '1 hour'");
    EXPECT_EQ(listed(), std::vector<std::string>{"meadow"});
    Materials materials(db());
    EXPECT_FALSE(await(materials.find(reader_, left)));

    await(sweep_half_copies_of_any_owner(db()));
    const auto kept =
        await(db().query("SELECT id FROM materials WHERE owner_id = $1 ORDER BY title", reader_));
    ASSERT_EQ(kept.size(), 2);
    EXPECT_EQ(kept[0].get<MaterialId>(0), on_its_way);
    EXPECT_EQ(kept[1].get<MaterialId>(0), whole);
    EXPECT_EQ(await(db().query("SELECT id FROM entries")).size(), 2);
    EXPECT_EQ(await(db().query("SELECT id FROM files")).size(), 2);
    EXPECT_EQ(await(db().query("SELECT material_id FROM material_origins")).size(), 2);
    EXPECT_EQ(await(db().query("SELECT id FROM sources")).size(), 4);
    EXPECT_EQ(await(db().query("SELECT passages FROM corpora"))[0].get<std::int64_t>(0), 4);
    EXPECT_TRUE(await(db().query("SELECT 1 FROM vocabulary WHERE term = 'volcano'")).empty());
    EXPECT_EQ(listed(), std::vector<std::string>{"meadow"});
}

}  // namespace
}  // namespace bb::materials
