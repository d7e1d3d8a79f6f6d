#include "operations/safety/loaded_backup.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/core/crypto.hpp"
#include "operations/safety/one_at_a_time.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

TEST(LoadedBackupTest, OneThatIsRefusedLeavesTheFilesOfTheOther) {
    crypto::initialize();
    const auto data = fs::temp_directory_path() / ("bb-aside-" + crypto::random_token(6));
    Installation at;
    at.data = data;
    const auto turn = one_at_a_time(data, "restore");
    fs::create_directories(data / "files.aside");
    std::ofstream(data / "files.aside/theirs") << "brought back";
    const RestoreSource source{StoredBackup{}, secrets::Key::random()};
    try {
        use_aside(at, source, [](LoadedBackup&) { FAIL() << "it is not refused"; });
        ADD_FAILURE() << "it is not refused";
    } catch (const std::runtime_error& refused) {
        EXPECT_EQ(refused.what(), "Another restore is under way in " + data.string() + ".");
    }
    EXPECT_TRUE(fs::exists(data / "files.aside/theirs"));
    fs::remove_all(data);
}

}  // namespace
}  // namespace bb::safety
