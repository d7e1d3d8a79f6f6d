// Backups in a bucket of which one cannot be read.
#include "operations/safety/s3_store.hpp"

#include <gtest/gtest.h>

#include "base/core/crypto.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/prune.hpp"
#include "unit/support/bucket.hpp"

namespace bb::safety {
namespace {

class Buckets : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        const auto made = parse_rfc3339("2026-11-26T07:15:00.500000Z").value();
        for (const auto& id : {first, second}) {
            Manifest manifest;
            manifest.id = id;
            manifest.created_at = made + std::chrono::hours(id == second);
            bucket.put(id + "/manifest.json", sign_manifest(manifest, secrets::Key::random()));
        }
    }

    const std::string first = "20261126T071500Z-1a2b3c", second = "20261126T081500Z-1a2b3c";
    test::Bucket bucket;
    Destination place{std::make_shared<S3Store>(bucket.options(), "", "")};
};

TEST_F(Buckets, OneThatCannotBeReadDoesNotTakeTheOthersAlong) {
    bucket.refuse(second + "/manifest.json", 403, "InvalidObjectState");
    const auto all = place.list();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_TRUE(all[0].manifest);
    EXPECT_NE(all[1].fault.find("403 InvalidObjectState"), std::string::npos) << all[1].fault;
    EXPECT_EQ(place.find("latest").value().id, first);
    EXPECT_EQ(place.find(second).error().code, ErrorCode::malformed);
    for (const auto& one : prune(place, now(), 7, false)) EXPECT_TRUE(one.kept) << one.id;
    EXPECT_TRUE(bucket.get(second + "/manifest.json"));
    bucket.refuse(first + "/manifest.json", 403, "AccessDenied");
    const auto none = place.find("latest");
    EXPECT_NE(none.error().detail.find("that can be used. " + second), std::string::npos)
        << none.error().detail;
}

TEST_F(Buckets, OneIsFoundWithoutALookAtTheOthers) {
    bucket.refuse(first + "/manifest.json", 503, "SlowDown");
    EXPECT_TRUE(place.find(second));
    EXPECT_EQ(bucket.asked("GET"), 2) << "whether it is held, and its manifest";
    EXPECT_EQ(place.find("20300101T000000Z-abcdef").error().code, ErrorCode::not_found);
    EXPECT_THROW(place.find(first), Away);
    EXPECT_THROW(place.list(), Away) << "nobody knows what is there";
}

TEST_F(Buckets, WhoGivesUpIsNotTakenForAFault) {
    bucket.hang(first + "/manifest.json");
    place.store().watch_with([]() { throw GivenUp("the server stops"); });
    EXPECT_THROW(place.find(first), GivenUp);
}

}  // namespace
}  // namespace bb::safety
