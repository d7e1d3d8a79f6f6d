#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace bb {

/// A file that was not there before; it is on the disk with finish(), and removed again without it.
class NewFile {
public:
    /// Throws std::system_error, as all do: std::errc::file_exists when it is there already.
    NewFile(std::filesystem::path path, mode_t mode);
    ~NewFile();
    NewFile(const NewFile&) = delete;

    void write(std::string_view bytes);
    void finish();

private:
    std::filesystem::path path_;
    int fd_;
};

/// The same in one step.
void write_new_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

}  // namespace bb
