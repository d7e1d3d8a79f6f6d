#pragma once
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/http/response.hpp"

namespace bb::app {

/// The hashed files of the pages of several releases, in the folder `assets` of the data. While one release
/// replaces another, on this host or on the one beside it, a page that one of them has sent asks the other
/// for its parts.
class SharedAssets {
public:
    explicit SharedAssets(const std::filesystem::path& data) : folder_(data / "assets") {}

    /// Adds the files of this program; beyond 64 MiB those go that were added first. Throws
    /// std::filesystem::filesystem_error and std::system_error.
    void share() const;
    /// The file of an address under /assets/, if it is there.
    std::optional<http::Response> find(std::string_view path, std::string_view accepted_codings) const;

private:
    void share_file(const std::string& name, std::string_view bytes) const;
    void make_room() const;

    std::filesystem::path folder_;
};

}  // namespace bb::app
