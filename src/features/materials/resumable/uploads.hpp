#pragma once
#include <filesystem>
#include <string>

#include "base/db/database.hpp"
#include "base/http/body_reader.hpp"
#include "base/net/pool.hpp"
#include "features/materials/files.hpp"
#include "features/materials/resumable/running.hpp"
#include "features/materials/upload.hpp"
#include "services/blobs/file_store.hpp"
#include "services/blobs/partial_file.hpp"
#include "services/secrets/key_ring.hpp"

namespace bb::materials {

/// How long an upload may take; what is not whole by then is removed.
constexpr std::chrono::hours keep_uploads{24};

/// A file that is being brought, or was within a day.
struct Upload {
    FileId id;  // also of the file that it becomes
    MaterialId material;
    std::string name;
    std::int64_t bytes = 0;  // when it is whole
    bool done = false;       // it is a file of its material
    Time created_at;
};

/// What a person may bring.
struct UploadBounds {
    std::int64_t file = 0;     // bytes of one file
    std::int64_t storage = 0;  // bytes of all files together; 0: any number
};

/// Files that come in pieces and go on after a broken connection. Pieces lie sealed on a disk of this
/// machine, <folder>/<owner>/<id>, until the file is whole; then it is stored and read like any other.
/// Belongs to one loop; the references must outlive it.
class Uploads {
public:
    Uploads(db::Database& db, secrets::KeyRing& keys, blobs::FileStore& files, RunningUploads& running,
            std::filesystem::path folder, UploadBounds bounds)
        : db_(db),
          keys_(keys),
          files_(files),
          running_(running),
          folder_(std::move(folder)),
          bounds_(bounds) {}
    Uploads(const Uploads&) = delete;

    std::int64_t largest() const { return bounds_.file; }

    /// Errors: not_found (material), wrong_type, too_large, invalid_input, also when 50 are unfinished.
    Task<Result<Upload>> begin(UserId owner, FileId id, MaterialId material, std::string name,
                               std::int64_t bytes);
    /// Errors: not_found.
    Task<Result<Upload>> find(UserId owner, FileId id);
    /// How many bytes are there. One that is whole becomes a file, if it has not. Errors: as of append().
    Task<Result<std::int64_t>> offset(UserId owner, Upload upload);
    /// Takes in what comes, from byte `offset` on, and tells how many bytes are there then: all of it is on
    /// the disk. Errors: conflict (another offset is wanted, or another request does not let go), too_large
    /// (more comes than was said), invalid_input, rate_limited, not_found.
    Task<Result<std::int64_t>> append(UserId owner, Upload upload, std::int64_t offset,
                                      http::BodyReader& pieces);
    /// Removes an upload with what came of it; a file that it became stays.
    Task<void> remove(UserId owner, FileId id);
    /// Removes all of a person.
    Task<void> erase_owner(UserId owner);
    /// Removes what is older than keep_uploads, of everybody.
    Task<void> sweep_of_any_owner();

private:
    Task<Result<blobs::PartialFile>> open(UserId owner, Upload upload);
    Task<Result<secrets::Key>> key_of(UserId owner, FileId id);
    Task<void> write(blobs::PartialFile& file, const std::string& bytes);
    /// Reads on while what came before is written.
    Task<Result<>> take(blobs::PartialFile& file, std::int64_t most, http::BodyReader& pieces);
    /// Makes a file of what is whole. Errors: not_found, invalid_input.
    Task<Result<>> finish(UserId owner, Upload upload, blobs::PartialFile& content);
    Task<Result<NewFile>> stored(UserId owner, const Upload& upload, blobs::PartialFile& content);
    Task<void> forget(UserId owner, FileId id);
    Task<void> remove_pieces(UserId owner, FileId id);
    std::filesystem::path path_of(UserId owner, FileId id) const;

    db::Database& db_;
    secrets::KeyRing& keys_;
    blobs::FileStore& files_;
    RunningUploads& running_;
    std::filesystem::path folder_;
    UploadBounds bounds_;
};

/// Sweeps once an hour, until the loop ends.
Task<void> keep_sweeping(Uploads& uploads);

/// uploads.sealed_key, for rotations.
extern const secrets::SealedColumn upload_key_column;

}  // namespace bb::materials
