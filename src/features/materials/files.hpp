#pragma once
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "base/net/pool.hpp"
#include "features/materials/records.hpp"
#include "features/materials/storage.hpp"
#include "features/materials/text/blocks.hpp"

namespace bb::materials {

/// The kind of the jobs that read files.
inline constexpr const char* reading_job = "read_file";
/// The kind of the jobs that read files again which were read by an older reader.
inline constexpr const char* reading_again_job = "read_again";
/// The kind of the jobs that fetch web pages.
inline constexpr const char* fetching_job = "fetch_page";

/// A file whose original is in the file store already.
struct NewFile {
    std::string name;
    std::string media_type;
    std::int64_t bytes = 0;
    crypto::Digest digest{};
    std::optional<std::string> text;        // none: a job reads it
    std::optional<std::string> source_url;  // of a web page that was fetched, with the time
    std::optional<Time> fetched_at;
    int reader = 0;  // that the text is of, where it was read
};

/// A web page that is still to be fetched.
struct NewPage {
    std::string url;
    std::string name;
    crypto::Digest digest{};  // of an empty file, which is its original until then
};

/// What is absent stays as it is.
struct FileChange {
    std::optional<std::string> name;
    std::optional<MaterialId> material;
};

/// Files of one person's materials, in the same manner as Entries.
class Files {
public:
    Files(db::Database& db, net::BlockingPool& pool) : db_(db), pool_(pool) {}

    /// In the order of upload, without text. Errors: not_found, invalid_input (cursor).
    Task<Result<Page<File>>> list(UserId owner, MaterialId material, http::PageQuery page);
    /// Errors: not_found.
    Task<Result<File>> find(UserId owner, MaterialId material, FileId id);
    /// All or none. Errors: not_found, and what `admit` refuses; without it there is room for anything.
    Task<Result<std::vector<File>>> create(UserId owner, MaterialId material, FileId first,
                                           std::vector<NewFile> files, Admission admit = nullptr);
    /// Errors: not_found.
    Task<Result<File>> create_page(UserId owner, MaterialId material, FileId id, NewPage page);
    /// Errors: not_found, stale.
    Task<Result<File>> change(UserId owner, MaterialId material, FileId id, FileChange change,
                              http::IfMatch condition);
    /// Errors: not_found, stale.
    Task<Result<>> remove(UserId owner, MaterialId material, FileId id, http::IfMatch condition);
    /// Undoes remove(), if the file still fits into `most` bytes (0: any number). Errors: not_found,
    /// too_large with the pointer #/storage.
    Task<Result<File>> restore(UserId owner, MaterialId material, FileId id, std::int64_t most);
    /// Has a file read, or a page that never came fetched, that could not be. Errors: not_found, conflict for
    /// one that was.
    Task<Result<File>> read_again(UserId owner, MaterialId material, FileId id);

private:
    db::Database& db_;
    net::BlockingPool& pool_;
};

}  // namespace bb::materials
