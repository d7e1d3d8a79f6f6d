#include "features/materials/older_files.hpp"

#include "features/materials/extract/read.hpp"
#include "features/materials/files.hpp"
#include "features/materials/materials.hpp"
#include "unit/support/test_database.hpp"

namespace bb::materials {
namespace {

class OlderFilesTest : public test::DatabaseTest {
protected:
    MaterialId material_of_new_person(const std::string& name) {
        const UserId id = UserId::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + id.text() + "', '" + name +
                         "@example.org', '" + name + "', 'student')");
        NewMaterial input;
        input.title = "Brought";
        Materials materials(db());
        return await(materials.create(id, MaterialId::make(), input))->id;
    }
    /// Files that were read before versions were counted.
    void bring(MaterialId in, const std::string& name, int count = 1, const std::string& state = "ready") {
        cluster().script(
            "INSERT INTO files (id, owner_id, material_id, name, media_type, bytes, digest, text, "
            "characters, "
            "state) SELECT gen_random_uuid(), owner_id, id, '" +
            name + "', 'x/y', 1, sha256('x'), 'text', 4, '" + state +
            "' FROM materials, generate_series(1, " + std::to_string(count) + ") WHERE id = '" + in.text() +
            "'");
    }
    /// What waits, by the newest reader.
    void read_all() {
        cluster().script("UPDATE files SET reader = " + std::to_string(extract::reader_version) +
                         " WHERE id IN (SELECT subject_id FROM jobs); DELETE FROM jobs");
    }
    std::size_t queue() { return await(queue_older_of_any_owner(db())); }
    std::int64_t queued(const std::string& where = "true") {
        db::Session session(cluster().conninfo());
        const auto sql =
            "SELECT count(*) FROM jobs j JOIN files f ON f.id = j.subject_id AND f.owner_id = "
            "j.owner_id WHERE j.kind = 'read_again' AND " +
            where;
        return session.query(sql)[0].get<std::int64_t>(0);
    }
};

TEST_F(OlderFilesTest, AreQueuedAFewAtATimeByTurns) {
    const auto of_ana = material_of_new_person("ana");
    const auto of_ben = material_of_new_person("ben");
    bring(of_ana, "many.pdf", 30);
    bring(of_ben, "few.PDF", 3);
    EXPECT_EQ(queue(), 20u);
    EXPECT_EQ(queued(), 20);
    EXPECT_EQ(queued("f.name = 'few.PDF'"), 3);
    EXPECT_EQ(queue(), 20u);
    EXPECT_EQ(queued(), 20);
    read_all();
    EXPECT_EQ(queue(), 13u);
    read_all();
    EXPECT_EQ(queue(), 0u);
}

TEST_F(OlderFilesTest, AreLeftAloneWhenTheyAreNotReadOrGone) {
    const auto in = material_of_new_person("ana");
    for (const char* name : {"a.md", "a.TXT", "a.b.markdown"}) bring(in, name);
    bring(in, "failed.pdf", 1, "failed");
    bring(in, "new.pdf", 1, "reading");
    bring(in, "gone.pdf");
    cluster().script("UPDATE files SET deleted_at = now() WHERE name = 'gone.pdf'");
    EXPECT_EQ(queue(), 0u);
    bring(in, "md.py");
    EXPECT_EQ(queue(), 1u);
    EXPECT_EQ(queued("f.name = 'md.py'"), 1);
    cluster().script("DELETE FROM jobs; UPDATE materials SET deleted_at = now()");
    EXPECT_EQ(queue(), 0u);
}

TEST_F(OlderFilesTest, WaitForFilesThatCameInAndLeaveTheirJobsAsTheyAre) {
    const auto in = material_of_new_person("ana");
    bring(in, "old.pdf");
    cluster().script(
        "INSERT INTO jobs (id, kind, owner_id, subject_id) SELECT gen_random_uuid(), 'read_file', owner_id, "
        "id "
        "FROM files");
    EXPECT_EQ(queue(), 1u);
    EXPECT_EQ(queued(), 0);
    cluster().script("UPDATE jobs SET kind = 'read_again', attempts = 3");
    EXPECT_EQ(queue(), 1u);
    EXPECT_EQ(queued("j.attempts = 3"), 1);
}

}  // namespace
}  // namespace bb::materials
