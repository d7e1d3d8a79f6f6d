#include "operations/safety/copy.hpp"

#include <fstream>
#include <system_error>

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_size = 1 << 20;

void copy_file(const fs::path& from, const fs::path& to, const std::function<void()>& watch) {
    std::ifstream in(from, std::ios::binary);
    std::ofstream out(to, std::ios::binary);
    std::string chunk(chunk_size, '\0');
    while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
        watch();
        if (!out.write(chunk.data(), in.gcount())) break;
    }
    out.close();
    if (in.bad() || !out || fs::file_size(from) != fs::file_size(to))
        throw std::system_error(errno, std::generic_category(), to.string());
}

}  // namespace

void copy_backup(const fs::path& backup_folder, const Destination& to, const std::function<void()>& watch) {
    to.prepare();
    const auto lock = to.lock();
    to.remove_unfinished();
    const auto id = backup_folder.filename().string();
    const auto folder = to.begin(id);
    try {
        for (const auto& entry : fs::directory_iterator(backup_folder))
            if (entry.path().extension() == ".sealed") {
                copy_file(entry.path(), folder / entry.path().filename(), watch);
                sync_file(folder / entry.path().filename());
            }
        to.commit(id, read_small_file(backup_folder / "manifest.json"));
    } catch (...) {
        to.give_up(id);
        throw;
    }
}

}  // namespace bb::safety
