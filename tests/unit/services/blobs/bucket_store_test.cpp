#include "services/blobs/bucket_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "services/blobs/objects.hpp"
#include "services/blobs/stores.hpp"
#include "unit/support/bucket.hpp"

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class BucketStoreTest : public ::testing::Test {
protected:
    BucketStoreTest() {
        crypto::initialize();
        fs::create_directories(folder_);
    }
    ~BucketStoreTest() override { fs::remove_all(folder_); }

    Stored put(std::string_view text) {
        const Stored file{owner_, crypto::sha256(text)};
        const auto content = http::source_of(text);
        store_.put(file.owner, file.digest, *content, key_);
        return file;
    }
    /// What the file holds; nothing: it does not open.
    std::optional<std::string> text_of(const Stored& file) const {
        const auto body = store_.open(file.owner, file.digest, key_);
        if (!body) return std::nullopt;
        std::string text(body->size, '\0');
        text.resize(http::read_full(*body->source, text.data(), text.size()));
        return text;
    }
    std::vector<std::string> objects_of(const Stored& file) const {
        return bucket_.keys("school/files/" + name_of(file) + "/");
    }
    std::string marker_of(const Stored& file) const { return "school/trash/" + name_of(file); }

    const fs::path folder_ = fs::temp_directory_path() / ("bb-bucket-" + crypto::random_token(6));
    test::Bucket bucket_;
    BucketStore store_{BucketPlace{bucket_.options(), "school", "", folder_}};
    const secrets::Key key_ = secrets::Key::random();
    const Uuid owner_ = Uuid::make();
};

TEST_F(BucketStoreTest, GivesBackWhatWasPutAndKeepsItSealed) {
    const std::string text(200'000, 'x');
    const auto file = put(text);
    EXPECT_EQ(text_of(file), text);
    ASSERT_EQ(objects_of(file).size(), 1u);
    EXPECT_TRUE(bucket_.get(objects_of(file)[0])->starts_with("bbfile2\n"));
    EXPECT_EQ(bucket_.get(objects_of(file)[0])->find("xxxx"), std::string::npos);
    EXPECT_FALSE(store_.open(owner_, file.digest, secrets::Key::random())) << "with another key";
    EXPECT_FALSE(store_.open(Uuid::make(), file.digest, key_)) << "of somebody else";
    EXPECT_FALSE(store_.open(owner_, crypto::sha256("another"), key_));
    EXPECT_EQ(store_.name(), "s3://school/school");
}

TEST_F(BucketStoreTest, TellsUploadsThatHaveNotEndedPageByPageAndEndsThemAfterADay) {
    const Stored file{owner_, crypto::sha256("text")};
    const auto key = "school/files/" + name_of(file) + "/";
    for (int i = 0; i < 5; ++i)
        bucket_.begin_upload(key + std::to_string(i), "id" + std::to_string(i), (20 + i) * 3600 + 1800);
    bucket_.begin_upload("school/files/odd", "odd", 60);
    bucket_.begin_upload("elsewhere/files/" + name_of(file), "other", 48 * 3600);
    const auto found = store_.unfinished();
    ASSERT_EQ(found.size(), 6u);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(found[i].name, name_of(file));
        ASSERT_TRUE(found[i].age);
        EXPECT_GE(*found[i].age, std::chrono::hours(20 + i));
        EXPECT_LT(*found[i].age, std::chrono::hours(21 + i));
    }
    EXPECT_EQ(found[5].name, "odd");

    EXPECT_EQ(store_.remove_leftovers(1h), 1u) << "a large file may take hours";
    EXPECT_EQ(bucket_.uploads(), (std::vector<std::string>{"id0", "id1", "id2", "id3", "odd", "other"}));
    store_.erase_owner(owner_);
    EXPECT_EQ(bucket_.uploads(), (std::vector<std::string>{"odd", "other"})) << "all of who is erased";
}

TEST_F(BucketStoreTest, TheLastOfSeveralCountsAndTheOthersAreLeftovers) {
    const auto file = put("text");
    const auto first = objects_of(file)[0];
    put("text");
    ASSERT_EQ(objects_of(file).size(), 2u);
    EXPECT_EQ(store_.list().size(), 1u);
    EXPECT_EQ(store_.remove_leftovers(1h), 0u) << "somebody may be reading the first";
    bucket_.make_old(first, 7200);
    EXPECT_EQ(store_.remove_leftovers(1h), 1u);
    ASSERT_EQ(objects_of(file).size(), 1u);
    EXPECT_NE(objects_of(file)[0], first);
    // One that does not open, as of a restore that broke off, hides none that does.
    bucket_.put("school/files/" + name_of(file) + "/ffffffff-ffff-7fff-bfff-ffffffffffff", "noise");
    EXPECT_EQ(text_of(file), "text");
}

TEST_F(BucketStoreTest, DiscardsAndErasesOnlyWhatIsOldEnough) {
    const auto file = put("text");
    EXPECT_TRUE(store_.older_than(1h).empty());
    EXPECT_FALSE(store_.discard(file, 1h)) << "its row may not be committed yet";
    bucket_.make_old(objects_of(file)[0], 7200);
    EXPECT_EQ(store_.older_than(1h), std::vector{file});
    EXPECT_TRUE(store_.discard(file, 1h));
    EXPECT_TRUE(store_.older_than(0s).empty());
    EXPECT_EQ(store_.discarded(0s), std::vector{file});
    EXPECT_EQ(text_of(file), "text") << "until it is erased";
    EXPECT_FALSE(store_.erase(file, 1h));
    bucket_.make_old(marker_of(file), 3600);
    EXPECT_TRUE(store_.erase(file, 1h));
    EXPECT_TRUE(bucket_.keys("").empty());
}

TEST_F(BucketStoreTest, WhatIsStoredAgainIsNeitherDiscardedNorErased) {
    const auto file = put("text");
    bucket_.make_old(objects_of(file)[0], 7200);
    ASSERT_TRUE(store_.discard(file, 1h));
    bucket_.make_old(marker_of(file), 3600);
    put("text");
    EXPECT_TRUE(store_.discarded(0s).empty());
    EXPECT_EQ(store_.older_than(0s), std::vector{file});
    // As a sweep does that looked before.
    EXPECT_TRUE(store_.erase(file, 1h));
    EXPECT_EQ(objects_of(file).size(), 1u);
    EXPECT_EQ(text_of(file), "text");
    EXPECT_TRUE(bucket_.keys("school/trash/").empty());
}

TEST_F(BucketStoreTest, TakesBackWhatWasDiscarded) {
    const auto file = put("text");
    EXPECT_FALSE(store_.take_back(file));
    ASSERT_TRUE(store_.discard(file, 0s));
    EXPECT_TRUE(store_.take_back(file));
    EXPECT_EQ(store_.older_than(0s), std::vector{file});
    EXPECT_FALSE(store_.erase(file, 0s));
    EXPECT_EQ(text_of(file), "text");
}

TEST_F(BucketStoreTest, WithoutTimesNothingIsOld) {
    bucket_.tell_age(std::nullopt);
    const auto file = put("text");
    EXPECT_EQ(store_.list().size(), 1u);
    EXPECT_TRUE(store_.older_than(1s).empty());
    EXPECT_FALSE(store_.discard(file, 1s));
    EXPECT_EQ(store_.remove_leftovers(1s), 0u);
}

TEST_F(BucketStoreTest, RemovesAFileAndAllOfAnOwner) {
    const auto one = put("one"), two = put("two");
    put("two");
    ASSERT_TRUE(store_.discard(two, 0s));
    const Stored other{Uuid::make(), one.digest};
    const auto content = http::source_of("one");
    store_.put(other.owner, other.digest, *content, key_);
    store_.remove(one);
    EXPECT_FALSE(text_of(one));
    store_.erase_owner(owner_);
    EXPECT_EQ(bucket_.keys("").size(), 1u);
    EXPECT_EQ(text_of(other), "one");
}

TEST_F(BucketStoreTest, AdoptsWhatIsMissingOrAnother) {
    const auto file = put("text");
    const auto object = objects_of(file)[0];
    const auto staged = folder_ / "staged";
    std::ofstream(staged) << *bucket_.get(object);
    store_.adopt(file, staged, Store::Adopt::missing);
    EXPECT_FALSE(fs::exists(staged)) << "it was the same";
    EXPECT_EQ(objects_of(file).size(), 1u);
    std::ofstream(staged) << "bbfile1\nsealed otherwise";
    store_.adopt(file, staged, Store::Adopt::missing);
    EXPECT_TRUE(fs::exists(staged)) << "the live one stays";
    store_.adopt(file, staged, Store::Adopt::always);
    EXPECT_FALSE(fs::exists(staged));
    EXPECT_EQ(bucket_.get(objects_of(file).back()), "bbfile1\nsealed otherwise");
    const Stored missing{owner_, crypto::sha256("missing")};
    EXPECT_FALSE(store_.has(missing));
    std::ofstream(staged) << "bbfile1\nsealed";
    store_.adopt(missing, staged, Store::Adopt::missing);
    EXPECT_TRUE(store_.has(missing));
    EXPECT_EQ(bucket_.get(objects_of(missing).at(0)), "bbfile1\nsealed");
}

TEST_F(BucketStoreTest, AdoptsNothingThatIsNotSealed) {
    const auto file = put("text");
    const auto staged = folder_ / "staged";
    const Stored missing{owner_, crypto::sha256("as it was stored before")};
    for (const char* open : {"as it was stored before", "bbfile", ""}) {
        std::ofstream(staged) << open;
        for (const auto which : {Store::Adopt::missing, Store::Adopt::always}) {
            EXPECT_THROW(store_.adopt(missing, staged, which), std::runtime_error) << open;
            EXPECT_THROW(store_.adopt(file, staged, which), std::runtime_error) << open;
        }
    }
    EXPECT_TRUE(fs::exists(staged));
    EXPECT_EQ(bucket_.keys("").size(), 1u);
    EXPECT_EQ(text_of(file), "text");
}

TEST_F(BucketStoreTest, ReadersOfOneFileShareWhatWasFetched) {
    const std::string text(200'000, 'x');
    const auto file = put(text);
    const auto one = store_.open(owner_, file.digest, key_);
    ASSERT_TRUE(one);
    std::string begun(1000, '\0');
    EXPECT_EQ(http::read_full(*one->source, begun.data(), begun.size()), begun.size());
    // From now on only a listing is answered.
    bucket_.refuse(objects_of(file)[0], 503, "SlowDown");
    EXPECT_EQ(text_of(file), text) << "from its beginning";
    std::string rest(text.size(), '\0');
    EXPECT_EQ(http::read_full(*one->source, rest.data(), rest.size()), text.size() - begun.size());
}

TEST_F(BucketStoreTest, ItsPlaceTellsTheServiceToo) {
    auto elsewhere = bucket_.options();
    const auto here = elsewhere.endpoint;
    const auto place_at = [&](const std::string& endpoint) {
        elsewhere.endpoint = endpoint;
        return BucketStore(BucketPlace{elsewhere, "school", "", folder_}).place();
    };
    EXPECT_EQ(store_.place(), "s3://school/school at " + here);
    EXPECT_EQ(place_at("https://s3.example/"), place_at("https://s3.example"));
    EXPECT_NE(place_at("https://s3.example"), store_.place());
    EXPECT_EQ(place_at(""), "s3://school/school");
}

TEST_F(BucketStoreTest, NotesTheDatabaseOfItsFiles) {
    EXPECT_EQ(store_.database(), "");
    store_.set_database("one");
    EXPECT_EQ(store_.database(), "one");
}

TEST_F(BucketStoreTest, OneThatIsAwayIsNoMissingFileAndAWaitCanBeEnded) {
    const auto file = put("text");
    bucket_.refuse(objects_of(file)[0], 503, "SlowDown");
    EXPECT_THROW(text_of(file), Away);
    bucket_.hang(objects_of(file)[0]);
    struct Enough {};
    store_.watch_with([] { throw Enough(); });
    EXPECT_THROW(text_of(file), Enough);
}

}  // namespace
}  // namespace bb::blobs
