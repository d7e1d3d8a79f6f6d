#include "services/secrets/rotation.hpp"

#include "base/net/timer.hpp"
#include "unit/support/test_database.hpp"

namespace {

using namespace bb;
using namespace bb::secrets;

constexpr std::string_view name = "sealed_things.text";
const SealedColumn column{
    name, "SELECT substring(text FROM 2 FOR 8), count(*) FROM sealed_things GROUP BY 1",
    "SELECT id, text FROM sealed_things WHERE substring(text FROM 2 FOR 8) <> $1 AND id "
    "> $2 ORDER BY id LIMIT $3 FOR UPDATE",
    "UPDATE sealed_things SET text = $2 WHERE id = $1"};
constexpr const char* insert_sql = "INSERT INTO sealed_things (id, text) VALUES ($1, $2)";
constexpr const char* select_sql = "SELECT id, text FROM sealed_things ORDER BY id";
constexpr const char* replace_sql = "UPDATE sealed_things SET text = $2 WHERE id = $1";

class Rotation : public test::DatabaseTest {
protected:
    Rotation() {
        cluster().script(
            "CREATE TABLE IF NOT EXISTS sealed_things (id uuid PRIMARY KEY, text bytea NOT NULL); "
            "DELETE FROM sealed_things");
    }

    std::vector<Uuid> keep(KeyRing& ring, int rows) {
        std::vector<Uuid> ids;
        for (int i = 0; i < rows; ++i) {
            const auto id = Uuid::make();
            put(id, await(ring.seal({name, id}, "text " + std::to_string(i))));
            ids.push_back(id);
        }
        return ids;
    }
    void put(Uuid id, const std::string& sealed) { await(db().query(insert_sql, id, db::Bytes{sealed})); }
    std::string sealed(Uuid id) {
        for (const auto& row : await(db().query(select_sql)))
            if (row.get<Uuid>(0) == id) return row.get<std::string>(1);
        return {};
    }
    std::optional<std::string> read(KeyRing& ring, Uuid id) {
        return await(ring.open({name, id}, sealed(id)));
    }
    std::int64_t rows_of(KeyId key) {
        const auto counts = await(count(db(), column));
        const auto at = counts.find(key);
        return at == counts.end() ? 0 : at->second;
    }

    KeyRing ring_{db(), {"server secret"}};
};

TEST_F(Rotation, TheFirstSecretMakesTheFirstKey) {
    EXPECT_TRUE(await(ring_.list()).empty());
    const auto ids = keep(ring_, 1);
    EXPECT_EQ(await(ring_.list()).size(), 1u);
    KeyRing other(db(), {"server secret"});
    EXPECT_EQ(read(other, ids[0]), "text 0") << "every node reads what one has sealed";
}

TEST_F(Rotation, NoKeyStandsReadableInTheDatabase) {
    const auto ids = keep(ring_, 1);
    KeyRing stranger(db(), {"another secret"});
    EXPECT_EQ(read(stranger, ids[0]), std::nullopt);
    EXPECT_FALSE(await(stranger.list())[0].readable);
}

TEST_F(Rotation, AnOldKeyGoesOnReading) {
    const auto ids = keep(ring_, 1);
    const auto newer = await(ring_.renew());
    EXPECT_EQ(rows_of(newer), 0);
    EXPECT_EQ(read(ring_, ids[0]), "text 0");
    KeyRing other(db(), {"server secret"});
    EXPECT_EQ(read(other, ids[0]), "text 0");
    EXPECT_EQ(await(other.newest()), newer);
}

TEST_F(Rotation, ARingReadsWhatAnotherHasSealedWithAKeyItDoesNotKnow) {
    KeyRing other(db(), {"server secret"});
    await(other.newest());
    await(ring_.renew());
    const auto ids = keep(ring_, 1);
    EXPECT_EQ(read(other, ids[0]), "text 0");
}

TEST_F(Rotation, EverythingMovesToTheNewestKeyInBatches) {
    const auto ids = keep(ring_, 7);
    const auto older = await(ring_.newest());
    const auto newer = await(ring_.renew());
    std::vector<std::int64_t> steps;
    const auto outcome = await(reseal(
        db(), ring_, column, [&](const Resealed& so_far) { steps.push_back(so_far.done); }, 3));
    EXPECT_EQ(outcome.done, 7);
    EXPECT_EQ(outcome.unreadable, 0);
    EXPECT_EQ(steps, (std::vector<std::int64_t>{3, 6, 7}));
    EXPECT_EQ(rows_of(older), 0);
    EXPECT_EQ(rows_of(newer), 7);
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(read(ring_, ids[i]), "text " + std::to_string(i));
    EXPECT_EQ(await(reseal(db(), ring_, column)).done, 0) << "nothing is left to do";
}

TEST_F(Rotation, OneThatIsInterruptedIsFinishedByTheNext) {
    const auto ids = keep(ring_, 5);
    const auto newer = await(ring_.renew());
    auto stop = [](const Resealed&) {
        throw std::runtime_error("pulled the plug");
    };
    EXPECT_THROW(await(reseal(db(), ring_, column, stop, 2)), std::runtime_error);
    EXPECT_EQ(rows_of(newer), 2);
    for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(read(ring_, ids[i]), "text " + std::to_string(i));
    KeyRing after(db(), {"server secret"});
    EXPECT_EQ(await(reseal(db(), after, column, {}, 2)).done, 3);
    EXPECT_EQ(rows_of(newer), 5);
    EXPECT_EQ(await(after.newest()), newer) << "going on makes no further key";
}

TEST_F(Rotation, AServerFinishesWhatIsLeftByItself) {
    const auto ids = keep(ring_, 3);
    KeyRing elsewhere(db(), {"server secret"});
    const auto newer = await(elsewhere.renew());
    static const SealedColumn columns[] = {column};
    net::spawn(executor(), keep_resealing(db(), ring_, columns));
    for (int i = 0; i < 100 && rows_of(newer) < 3; ++i) let_run(std::chrono::milliseconds(20));
    EXPECT_EQ(rows_of(newer), 3);
    EXPECT_EQ(read(ring_, ids[0]), "text 0");
}

TEST_F(Rotation, ATamperedAndAMisplacedRowAreLeftAloneAndCounted) {
    const auto ids = keep(ring_, 3);
    auto changed = sealed(ids[0]);
    changed.back() = static_cast<char>(changed.back() ^ 1);
    await(db().query(replace_sql, ids[0], db::Bytes{changed}));
    const auto foreign = sealed(ids[2]);
    await(db().query(replace_sql, ids[1], db::Bytes{foreign}));
    await(ring_.renew());
    const auto outcome = await(reseal(db(), ring_, column, {}, 1));
    EXPECT_EQ(outcome.done, 1);
    EXPECT_EQ(outcome.unreadable, 2);
    EXPECT_EQ(sealed(ids[0]), changed);
    EXPECT_EQ(read(ring_, ids[1]), std::nullopt) << "a value in the row of another opens for nobody";
    EXPECT_EQ(read(ring_, ids[2]), "text 2");
}

TEST_F(Rotation, AFormerServerSecretIsReadUntilEverythingIsSealedAnew) {
    const auto ids = keep(ring_, 2);
    KeyRing changed(db(), {"new secret", "server secret"});
    EXPECT_EQ(read(changed, ids[0]), "text 0");
    await(changed.renew());
    EXPECT_EQ(await(reseal(db(), changed, column)).done, 2);
    KeyRing later(db(), {"new secret"});
    EXPECT_EQ(read(later, ids[0]), "text 0");
    EXPECT_EQ(read(later, ids[1]), "text 1");
}

TEST_F(Rotation, AServerWithAnotherSecretSealsWithAKeyOfItsOwn) {
    const auto ids = keep(ring_, 1);
    KeyRing other(db(), {"another secret"});
    const auto more = keep(other, 1);
    EXPECT_EQ(read(other, more[0]), "text 0");
    EXPECT_EQ(read(ring_, ids[0]), "text 0");
    EXPECT_EQ(await(other.newest()), await(other.newest())) << "and makes no key with every start";
}

}  // namespace
