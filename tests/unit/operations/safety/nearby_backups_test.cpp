// Uploaded files of a moment: from which of the backups around it they are taken.
#include "operations/safety/nearby_backups.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/tar.hpp"
#include "services/blobs/disk_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Stored = RestoredFiles::Stored;

const Time noon_of_files = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)) + 12h;

class Nearby : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        fs::create_directories(folder_ / "data");
        make_backup_key(folder_ / "key");
        keys_ = read_backup_keys(folder_ / "key");
        at_.say = [this](std::string_view words) {
            said_ += std::string(words) + "\n";
        };
        std::vector<std::shared_ptr<blobs::Store>> stores = {
            std::make_shared<blobs::DiskStore>(folder_ / "data/files")};
        files_.emplace(folder_ / "data", std::make_shared<const blobs::Stores>(std::move(stores)));
    }
    void TearDown() override {
        files_.reset();
        fs::remove_all(folder_);
    }

    static Stored file(std::string_view content) { return {owner, crypto::sha256(content)}; }
    static std::string name(std::string_view content) {
        return owner.text() + "/" + crypto::hex(crypto::sha256(content));
    }

    /// A backup made `after` noon with these files, whose rows name others too.
    StoredBackup make(Time::duration after, const std::vector<std::string>& contents,
                      const std::vector<std::string>& missing = {}) {
        const auto key = secrets::Key::random();
        Manifest manifest;
        manifest.id = new_backup_id(noon_of_files + after);
        manifest.created_at = noon_of_files + after;
        place_.prepare();
        PartWriter part(place_, "files", manifest.id, key, 0);
        TarWriter tar([&](std::string_view bytes) { part.add(bytes); });
        tar.add("secret", "of then");
        for (const auto& content : contents) tar.add("files/" + name(content), content);
        tar.finish();
        for (const auto& content : missing) manifest.missing_files.push_back(name(content));
        manifest.parts.push_back(part.finish());
        const auto& recipient = keys_.recipients[0];
        manifest.keys.push_back(SealedFor{text_of(recipient), seal_key(key, recipient)});
        place_.commit(manifest.id, sign_manifest(manifest, key));
        return *place_.find(manifest.id);
    }

    void spoil(const StoredBackup& backup) {
        std::fstream part(folder_ / "place" / backup.id / part_object("files"),
                          std::ios::in | std::ios::out | std::ios::binary);
        part.seekp(200);
        part.write("spoiled!", 8);
    }

    void take(const StoredBackup& base, const std::set<Stored>& wanted) {
        take_files(at_, backups_around(place_, base, noon_of_files, keys_), wanted, *files_);
    }

    static inline const Uuid owner = Uuid::make();
    const fs::path folder_ = fs::temp_directory_path() / ("bb-nearby-" + crypto::random_token(6));
    const Destination place_{folder_ / "place"};
    BackupKeys keys_;
    Installation at_;
    std::string said_;
    std::optional<RestoredFiles> files_;
};

TEST_F(Nearby, TheNearestAfterAndThenBeforeAMomentAreAsked) {
    const auto base = make(-3h, {"one"});
    const auto before = make(-1h, {"two", "three"});
    const auto after = make(1h, {"two", "one"});
    make(2h, {"four"});
    make(-2h, {"four"});
    take(base, {file("two"), file("three"), file("four")});
    EXPECT_TRUE(files_->holds(file("two")) && files_->holds(file("three")));
    EXPECT_FALSE(files_->holds(file("one"))) << "nobody wanted it";
    EXPECT_FALSE(files_->holds(file("four"))) << "a row named it neither shortly before nor after";
    EXPECT_EQ(said_, "Uploaded files from the backup " + after.id + ": 1.\n" +
                         "Uploaded files from the backup " + before.id + ": 1.\n");
    files_->add_missing();
    EXPECT_TRUE(files_->names().contains({owner, crypto::sha256("two")}));
}

TEST_F(Nearby, WhatTheNearestLacksOrCannotGiveIsInTheNext) {
    const auto base = make(-3h, {});
    spoil(make(1h, {"one", std::string(300'000, 'x')}));
    make(2h, {}, {"two"});
    make(3h, {"one", "two"});
    const auto long_one = std::string(300'000, 'x');
    make(-1h, {long_one});
    take(base, {file("one"), file("two"), file(long_one)});
    EXPECT_FALSE(files_->holds(file("one"))) << "the nearest that can be read does not know it";
    EXPECT_TRUE(files_->holds(file("two"))) << "the nearest that can be read lists it as missing";
    EXPECT_TRUE(files_->holds(file(long_one)));
    EXPECT_NE(said_.find("is passed over"), std::string::npos) << said_;
}

TEST_F(Nearby, WithoutTheKeyNothingIsTakenAndItIsSaid) {
    const auto base = make(-3h, {});
    make(1h, {"one"});
    keys_.identities.clear();
    take(base, {file("one")});
    EXPECT_FALSE(files_->holds(file("one")));
    EXPECT_NE(said_.find("There is no private key"), std::string::npos) << said_;
}

}  // namespace
}  // namespace bb::safety
