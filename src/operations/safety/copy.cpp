#include "operations/safety/copy.hpp"

namespace bb::safety {

namespace fs = std::filesystem;

void copy_backup(const fs::path& backup_folder, const Destination& to) {
    to.prepare();
    const auto lock = to.lock();
    to.remove_unfinished();
    const auto id = backup_folder.filename().string();
    const auto folder = to.begin(id);
    try {
        for (const auto& entry : fs::directory_iterator(backup_folder))
            if (entry.path().extension() == ".sealed") {
                fs::copy_file(entry.path(), folder / entry.path().filename());
                sync_file(folder / entry.path().filename());
            }
        to.commit(id, read_small_file(backup_folder / "manifest.json"));
    } catch (...) {
        to.give_up(id);
        throw;
    }
}

}  // namespace bb::safety
