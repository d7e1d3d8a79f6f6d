#pragma once
#include "features/materials/types.hpp"
#include "services/blobs/file_store.hpp"
#include "services/personal/personal_data.hpp"

namespace bb::materials {

/// Subjects, materials, entries and files of a person, as they come out of an archive and go into one
/// (docs/privacy.md describes the files).
class PersonalMaterials : public personal::PersonalData {
public:
    /// `files` must outlive it.
    explicit PersonalMaterials(blobs::FileStore& files) : files_(files) {}

    Task<void> write(db::Transaction& tx, Uuid owner, personal::Archive& archive) override;
    Task<Result<void>> read(db::Transaction& tx, Uuid owner, personal::Import& import) override;
    Task<void> erase(db::Database& db, Uuid owner) override;
    Task<std::vector<personal::Expired>> expire(db::Database& db, personal::Months months,
                                                bool dry_run) override;

private:
    blobs::FileStore& files_;
};

/// Where the original of a file stands in an archive.
std::string archived_original(const std::string& folder, const std::string& name);

}  // namespace bb::materials
