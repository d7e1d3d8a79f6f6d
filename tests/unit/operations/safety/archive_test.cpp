// Keys, manifests and parts of backups: what is written is read back, and nothing that was changed is.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/core/crypto.hpp"
#include "operations/safety/backup_key.hpp"
#include "operations/safety/check.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/prune.hpp"
#include "operations/safety/tar.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

class Archives : public testing::Test {
protected:
    void SetUp() override {
        crypto::initialize();
        folder_ = fs::temp_directory_path() / ("bb-archives-" + crypto::random_token(6));
        fs::create_directory(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    static std::string read_all(http::FileSource& source) {
        std::string text, chunk(1000, '\0');
        while (const auto got = source.read(chunk.data(), chunk.size())) text.append(chunk, 0, got);
        return text;
    }

    static void flip(const fs::path& file, std::size_t at, int bit) {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const char byte = static_cast<char>(stream.get() ^ (1 << bit));
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(byte);
    }

    /// A backup with one part of files, in `to`.
    std::string make_backup(const Destination& to, const secrets::Key& key, const std::string& text,
                            Time at = now()) {
        to.prepare();
        Manifest manifest;
        manifest.id = new_backup_id(at);
        manifest.created_at = at;
        manifest.method = "logical";
        manifest.rows = {{"users", 3}};
        manifest.files = 1;
        PartWriter part(to, "files", manifest.id, key, 1);
        TarWriter tar([&](std::string_view bytes) { part.add(bytes); });
        tar.add("secret", "shh");
        tar.add("files/x", text);
        tar.finish();
        manifest.parts.push_back(part.finish());
        manifest.keys.push_back(SealedFor{"somebody", "sealed"});
        to.commit(manifest.id, sign_manifest(manifest, key));
        return manifest.id;
    }

    fs::path folder_;
};

TEST_F(Archives, AKeyFileOpensWhatItsPublicHalfSealed) {
    const auto file = folder_ / "backup.key";
    const auto recipient = make_backup_key(file);
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_THROW(make_backup_key(file), std::runtime_error) << "a key is never written over";
    const auto keys = read_backup_keys(file);
    ASSERT_EQ(keys.recipients.size(), 1u);
    ASSERT_EQ(keys.identities.size(), 1u);
    EXPECT_EQ(keys.recipients[0], recipient);
    const auto key = secrets::Key::random();
    const auto sealed = seal_key(key, recipient);
    EXPECT_EQ(open_key(sealed, keys.identities[0])->bytes(), key.bytes());
    EXPECT_FALSE(open_key(sealed, secrets::Key::random()));
    EXPECT_FALSE(open_key(sealed.substr(1), keys.identities[0]));
}

TEST_F(Archives, AKeyFileNamesItsWrongLine) {
    const auto file = folder_ / "keys";
    std::ofstream(file) << "# a comment\n\npublic nonsense\n";
    try {
        read_backup_keys(file);
        FAIL();
    } catch (const std::runtime_error& fault) {
        EXPECT_NE(std::string(fault.what()).find("keys:3: must be"), std::string::npos) << fault.what();
    }
    std::ofstream(file) << "# nothing\n";
    EXPECT_THROW(read_backup_keys(file), std::runtime_error);
    EXPECT_THROW(read_backup_keys(folder_ / "missing"), std::runtime_error);
}

TEST_F(Archives, AManifestComesBackAsItWas) {
    Manifest manifest;
    manifest.id = "20261126T071500Z-1a2b3c";
    manifest.created_at = Time(std::chrono::microseconds(1'795'000'000'123'456));
    manifest.method = "logical";
    manifest.reason = "asked for";
    manifest.program = "0.1.0";
    manifest.schema = 14;
    manifest.postgres = 15;
    manifest.database = "7/brainbytes";
    manifest.wal_position = "0/16B3748";
    manifest.seconds = 1.5;
    manifest.rows = {{"users", 3}, {"messages", 5'000'000'000}};
    manifest.newest_rows = {{"users", manifest.created_at - std::chrono::seconds(2)},
                            {"messages", manifest.created_at - std::chrono::microseconds(1)}};
    manifest.files = 2;
    manifest.missing_files = {"a/b"};
    manifest.parts = {Part{"database", 10, 5, "ab"}};
    manifest.keys = {SealedFor{"r", "k"}};
    const auto key = secrets::Key::random();
    const auto text = sign_manifest(manifest, key);
    const auto read = read_manifest(text);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(to_json(*read), to_json(manifest));
    EXPECT_EQ(read->newest_row(), manifest.newest_rows.at("messages"));
    EXPECT_EQ(read->row_count(), 5'000'000'003);
    EXPECT_EQ(Manifest().newest_row(), std::nullopt);
    EXPECT_TRUE(is_signed_with(text, key));
    EXPECT_FALSE(is_signed_with(text, secrets::Key::random()));
}

TEST_F(Archives, EveryChangedBitOfAManifestIsSeen) {
    const auto key = secrets::Key::random();
    Manifest manifest;
    manifest.id = "20261126T071500Z-1a2b3c";
    const auto text = sign_manifest(manifest, key);
    for (std::size_t at = 0; at < text.size(); ++at)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = text;
            changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
            EXPECT_FALSE(read_manifest(changed) && is_signed_with(changed, key)) << at << "/" << bit;
        }
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(read_manifest(text.substr(0, size)) && is_signed_with(text.substr(0, size), key))
            << size;
}

TEST_F(Archives, APartComesBackAsItWas) {
    const auto key = secrets::Key::random();
    for (const std::size_t size : {0u, 1u, 65'536u, 1'000'003u}) {
        const auto text = crypto::random_bytes(size / 2) + std::string(size - size / 2, 'x');
        const auto id = new_backup_id(now());
        const auto name = "part" + std::to_string(size);
        const Destination place(folder_);
        PartWriter writer(place, name, id, key, 2);
        for (std::size_t done = 0; done < size; done += 77'777)
            writer.add(std::string_view(text).substr(done, 77'777));
        const auto part = writer.finish();
        EXPECT_EQ(part.bytes, size);
        Manifest manifest;
        manifest.id = id;
        manifest.parts.push_back(part);
        place.commit(id, sign_manifest(manifest, key));
        auto backup = place.list().back();
        EXPECT_EQ(part.stored_bytes, fs::file_size(folder_ / id / part_object(name)));
        EXPECT_EQ(read_all(*open_part(backup, name, key)), text);
        check_part(backup, part);
        EXPECT_THROW(open_part(backup, name, secrets::Key::random()), std::runtime_error);
        const auto another = new_backup_id(now());
        fs::rename(folder_ / id, folder_ / another);
        backup.id = another;
        EXPECT_THROW(open_part(backup, name, key), std::runtime_error) << "it opens in its backup alone";
        fs::remove_all(folder_ / another);
    }
}

TEST_F(Archives, EveryChangedBitOfABackupIsSeenWithAndWithoutItsKey) {
    const Destination place(folder_ / "backups");
    const auto key = secrets::Key::random();
    const auto id = make_backup(place, key, crypto::random_bytes(3000));
    const auto backup = place.find(id);
    ASSERT_TRUE(backup) << backup.error().detail;
    check_backup(*backup, key);
    const auto file = folder_ / "backups" / id / part_object("files");
    const auto size = fs::file_size(file);
    for (std::size_t at = 0; at < size; ++at) {
        const int bit = static_cast<int>(at % 8);
        flip(file, at, bit);
        EXPECT_THROW(check_backup(*backup, std::nullopt), std::runtime_error) << at;
        // What a restore reads must not come through either, though it compares no hashes.
        EXPECT_THROW(
            {
                TarReader tar(open_part(*backup, "files", key));
                while (tar.next()) tar.read_all(10'000);
            },
            std::runtime_error)
            << at;
        flip(file, at, bit);
    }
    check_backup(*backup, key);
    fs::resize_file(file, size - 1);
    EXPECT_THROW(check_backup(*backup, key), std::runtime_error);
}

TEST_F(Archives, WhatWasFoundDamagedCountsForNothingUntilItIsFoundWhole) {
    const Destination place(folder_ / "backups");
    const auto key = secrets::Key::random();
    const auto older = make_backup(place, key, "text", now() - std::chrono::minutes(1));
    const auto id = make_backup(place, key, "text");
    const auto file = folder_ / "backups" / id / part_object("files");
    const auto check = [&] {
        check_and_mark(place, place.find_to_check(id).value(), std::nullopt);
    };
    flip(file, 10, 1);
    EXPECT_EQ(place.find("latest").value().id, id) << "nobody has looked";
    EXPECT_THROW(check(), Damaged);
    EXPECT_THROW(check(), Damaged) << "found again";
    EXPECT_EQ(place.find("latest").value().id, older);
    EXPECT_EQ(place.find(id).error().code, ErrorCode::malformed);
    const auto verdicts = prune(place, now(), 7, true);
    EXPECT_TRUE(verdicts[0].why.starts_with("newest, day 1 of 7")) << verdicts[0].why;
    EXPECT_TRUE(verdicts[1].why.starts_with("damaged")) << verdicts[1].why;
    flip(file, 10, 1);
    check();
    EXPECT_EQ(place.find("latest").value().id, id);
    EXPECT_EQ(place.store().list(id + "/").size(), 2u);
}

TEST_F(Archives, ThatABackupCannotBeReadSaysNothingOfIt) {
    const Destination place(folder_ / "backups");
    const auto key = secrets::Key::random();
    const auto backup = place.find(make_backup(place, key, "text")).value();
    place.remove(backup);
    EXPECT_THROW(check_and_mark(place, backup, std::nullopt), std::runtime_error);
    place.mark(backup, true);
    EXPECT_TRUE(place.list().empty()) << "it has gone meanwhile";
}

TEST_F(Archives, TheLastThatWasMadeIsTheNewest) {
    const Destination place(folder_ / "backups");
    place.prepare();
    const auto key = secrets::Key::random();
    const std::string second = "20260102T030405Z-";
    const auto start = parse_rfc3339("2026-01-02T03:04:05.100000Z").value();
    const std::vector<std::string> ids = {second + "ffffff", second + "000000", "20260102T030404Z-aaaaaa"};
    for (std::size_t at = 0; at < ids.size(); ++at) {
        Manifest manifest;
        manifest.id = ids[at];
        manifest.created_at = start + std::chrono::milliseconds(at);
        place.commit(manifest.id, sign_manifest(manifest, key));
    }
    std::vector<std::string> listed;
    for (const auto& one : place.list()) listed.push_back(one.id);
    EXPECT_EQ(listed, ids);
    EXPECT_EQ(place.find("latest").value().id, ids.back());
    const auto verdicts = prune(place, start + std::chrono::minutes(1), 7, true);
    ASSERT_EQ(verdicts.size(), ids.size());
    for (std::size_t at = 0; at < ids.size(); ++at) {
        EXPECT_EQ(verdicts[at].id, ids[at]);
        EXPECT_EQ(verdicts[at].kept, at + 1 == ids.size());
    }
}

TEST_F(Archives, TheLatestIsOfNoTimeToComeWhileThereIsAnother) {
    const Destination place(folder_ / "backups");
    const auto key = secrets::Key::random();
    const auto ahead = make_backup(place, key, "text", now() + clock_tolerance + std::chrono::minutes(1));
    EXPECT_EQ(place.find("latest").value().id, ahead) << "there is no other";
    const auto id = make_backup(place, key, "text");
    EXPECT_EQ(place.find("latest").value().id, id);
    const auto tolerated = make_backup(place, key, "text", now() + clock_tolerance - std::chrono::minutes(1));
    EXPECT_EQ(place.find("latest").value().id, tolerated);
}

TEST_F(Archives, WhatIsUnfinishedOrDamagedIsNoBackup) {
    const Destination place(folder_ / "backups");
    const auto key = secrets::Key::random();
    const auto id = make_backup(place, key, "text");
    place.add("20300101T000000Z-abcdef", "files.sealed")->finish();
    EXPECT_EQ(place.list().size(), 1u);
    EXPECT_EQ(place.remove_unfinished(), 1);
    EXPECT_EQ(place.find("latest")->id, id);
    flip(folder_ / "backups" / id / manifest_name, 5, 1);
    ASSERT_EQ(place.list().size(), 1u);
    EXPECT_EQ(place.list()[0].fault, "its manifest was changed or cut off");
    EXPECT_FALSE(place.find("latest"));
    EXPECT_EQ(place.find(id).error().code, ErrorCode::malformed);
    EXPECT_EQ(place.find("nothing").error().code, ErrorCode::not_found);
    EXPECT_EQ(place.find("20300101T000000Z-abcdef").error().code, ErrorCode::not_found);
    fs::remove(folder_ / "backups" / id / manifest_name);
    EXPECT_EQ(place.find(id).error().code, ErrorCode::malformed) << "its parts are there";
}

TEST_F(Archives, AFolderKeepsSmallObjectsUnderNames) {
    const FolderStore store(folder_);
    store.put("wal/1/0001", "one");
    store.put("wal/1/0002", "two");
    store.put("wal/1/0002", "three");
    store.put("erased", "");
    const auto listed = store.list("wal/1/");
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[1].name, "wal/1/0002");
    EXPECT_EQ(listed[1].bytes, 5u);
    EXPECT_EQ(store.list("wal/1/0001").size(), 1u);
    EXPECT_EQ(store.list("").size(), 3u);
    EXPECT_EQ(store.folders(), std::vector<std::string>{"wal"});
    EXPECT_EQ(store.get("wal/1/0002"), "three");
    EXPECT_EQ(read_all(*store.read("wal/1/0001").source), "one");
    store.write("broken")->write("off");
    EXPECT_FALSE(store.get("broken"));
    store.remove("wal/1/0001");
    store.remove("wal/1/0001");
    EXPECT_EQ(store.get("wal/1/0001"), std::nullopt);
    EXPECT_EQ(store.list("wal/").size(), 1u);
}

TEST_F(Archives, AFolderMakesEachLevelForItsOwnerAlone) {
    const FolderStore store(folder_);
    store.put("wal/1/0001", "one");
    for (const char* name : {"wal", "wal/1"})
        EXPECT_EQ(fs::status(folder_ / name).permissions(), fs::perms::owner_all) << name;
}

TEST_F(Archives, WhatGoesWhileAFolderIsListedIsLeftOut) {
    const FolderStore store(folder_);
    store.put("wal/1/stays", "x");
    std::atomic<bool> over{false};
    std::thread other([&]() {
        while (!over) {
            for (int i = 0; i < 20; ++i) std::ofstream(folder_ / "wal/1" / std::to_string(i)) << "x";
            fs::create_directory(folder_ / "wal/2");
            std::ofstream(folder_ / "wal/2/a") << "x";
            fs::remove_all(folder_ / "wal/2");
            for (int i = 0; i < 20; ++i) fs::remove(folder_ / "wal/1" / std::to_string(i));
        }
    });
    for (int i = 0; i < 2000; ++i) {
        const auto listed = store.list("wal/");
        EXPECT_TRUE(std::any_of(listed.begin(), listed.end(),
                                [](const auto& one) { return one.name == "wal/1/stays"; }));
    }
    over = true;
    other.join();
}

TEST_F(Archives, APieceOfTheLogThatWasBrokenOffGoesAfterAnHour) {
    const FolderStore store(folder_);
    store.put("wal/1/0001", "one");
    const auto old = folder_ / "wal/1/0002.part", fresh = folder_ / "wal/1/0003.part";
    for (const auto& file : {old, fresh}) std::ofstream(file) << "x";
    for (const auto& file : {old, folder_ / "wal/1/0001"})
        fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(61));
    store.remove_drafts();
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(fresh)) << "somebody may be writing it";
    EXPECT_TRUE(fs::exists(folder_ / "wal/1/0001"));
}

TEST_F(Archives, OneAtATimeMakesOrRemovesBackups) {
    const Destination place(folder_ / "backups");
    place.prepare();
    const auto lock = place.lock();
    EXPECT_THROW(place.lock(), std::runtime_error);
}

}  // namespace
}  // namespace bb::safety
