#pragma once
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace bb::safety {

/// A file that may be put where nothing stands, and how.
struct VacantPlace {
    std::filesystem::path path;
    mode_t mode = 0600;
    gid_t group = 0;  ///< that a file of root's in a folder of root's is for; 0: none
};

/// Puts a file where nothing stands, whole and on the disk (fsync) or not at all. The folder must be there.
/// What root makes belongs to the account of the folder. False: something stands there, if only a link to
/// nowhere. Throws std::system_error.
bool put_where_vacant(const VacantPlace& place, std::string_view text);

/// put_where_vacant() for a process that gives up root later: made by root, it leaves a process of root's
/// behind, which puts these files alone, and ends with it. Made by another account, it does it itself.
class VacantPlaces {
public:
    explicit VacantPlaces(std::vector<VacantPlace> places);
    ~VacantPlaces();
    VacantPlaces(const VacantPlaces&) = delete;

    const std::vector<VacantPlace>& places() const { return places_; }
    /// put_where_vacant() for one of them. Throws std::system_error.
    bool put(std::size_t which, std::string_view text);

private:
    void serve(int socket) const;

    std::vector<VacantPlace> places_;
    int socket_ = -1;
    pid_t helper_ = -1;
};

}  // namespace bb::safety
