#pragma once
#include "features/materials/types.hpp"
#include "services/blobs/file_store.hpp"
#include "services/personal/personal_data.hpp"

namespace bb::materials {

class Uploads;

/// Subjects, materials, entries and files of a person, as they come out of an archive and go into one
/// (docs/privacy.md describes the files).
class PersonalMaterials : public personal::PersonalData {
public:
    /// `files` must outlive it. `storage`: bytes of files that a person may keep; 0: any number.
    /// `uploads` may be null: then unfinished ones are left to the next sweep.
    explicit PersonalMaterials(blobs::FileStore& files, std::int64_t storage = 0, Uploads* uploads = nullptr)
        : files_(files), uploads_(uploads), storage_(storage) {}

    Task<void> write(db::Transaction& tx, Uuid owner, personal::Archive& archive) override;
    Task<Result<void>> read(db::Transaction& tx, Uuid owner, personal::Import& import) override;
    Task<void> erase(db::Database& db, Uuid owner) override;
    Task<std::vector<personal::Expired>> expire(db::Database& db, personal::Months months,
                                                bool dry_run) override;

private:
    blobs::FileStore& files_;
    Uploads* uploads_;
    std::int64_t storage_;
};

/// Where the original of a file stands in an archive.
std::string archived_original(const std::string& folder, const std::string& name);

}  // namespace bb::materials
