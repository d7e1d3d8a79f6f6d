#pragma once
#include "base/net/pool.hpp"
#include "features/materials/types.hpp"
#include "services/blobs/disk_store.hpp"
#include "services/personal/personal_data.hpp"

namespace bb::materials {

/// Subjects, materials, entries and files of a person, as they come out of an archive and go into one
/// (docs/privacy.md describes the files).
class PersonalMaterials : public personal::PersonalData {
public:
    /// Both must outlive it.
    PersonalMaterials(blobs::DiskStore& blobs, net::BlockingPool& pool) : blobs_(blobs), pool_(pool) {}

    Task<void> write(db::Transaction& tx, Uuid owner, personal::Archive& archive) override;
    Task<Result<void>> read(db::Transaction& tx, Uuid owner, personal::Import& import) override;
    Task<void> erase(db::Database& db, Uuid owner) override;
    Task<std::vector<personal::Expired>> expire(db::Database& db, personal::Months months,
                                                bool dry_run) override;

private:
    blobs::DiskStore& blobs_;
    net::BlockingPool& pool_;
};

/// Where the original of a file stands in an archive.
std::string archived_original(const std::string& folder, const std::string& name);

}  // namespace bb::materials
