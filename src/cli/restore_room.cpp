#include "cli/restore_room.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>

#include "app/file_places.hpp"
#include "base/db/home.hpp"

namespace bb::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* room_mark = "run/brainbytes-room";

}  // namespace

Room::Room(config::Config& config, const std::string& folder) {
    if (folder.empty()) return;
    if (!config.is_set("DATABASE_URL"))
        throw std::runtime_error("--room is for a database elsewhere: a private one is in the data folder.");
    db::Home::enter(config, db::say_on_stderr);
    const auto files = fs::path(config.text("BRAINBYTES_DATA")) / "files";
    fs::create_directories(files);
    const auto place = fs::absolute(folder).lexically_normal();
    // It is removed in the end. One with the mark was left by a restore that was killed.
    if (fs::exists(place) && !fs::exists(place / room_mark))
        throw std::runtime_error(fmt::format("{} is there already: name a new folder.", place.string()));
    config.set("BRAINBYTES_DATA", place.string(), "--room");
    db::Home::enter(config, db::say_on_stderr);
    lock_ = FileLock::try_take(place / room_mark, FileLock::Kind::exclusive);
    if (!lock_)
        throw std::runtime_error(
            fmt::format("Another restore works in {}: name a new folder, or wait.", place.string()));
    folder_ = place;
    app::share_files(folder_, fs::canonical(files));
}

Room::~Room() {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace bb::cli
