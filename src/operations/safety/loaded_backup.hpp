#pragma once
#include <filesystem>
#include <functional>
#include <future>

#include "base/db/schema.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/restore_source.hpp"
#include "operations/safety/restored_database.hpp"
#include "operations/safety/restored_files.hpp"

namespace bb::safety {

/// A backup that is being brought back beside what is there. All of it goes again unless it takes the place
/// of the live one. Whoever makes it holds one_at_a_time() for restores, for longer than it lives.
class LoadedBackup {
public:
    struct Into {
        bool live_is_empty = false;  ///< as RestoredDatabase takes it
        std::shared_ptr<const blobs::Stores> files;
    };

    /// Throws std::runtime_error with a sentence, as do all of these. The references must outlive it.
    LoadedBackup(const Installation& at, const RestoreSource& source, const Into& into);

    /// Unpacks and loads everything, compares the rows of each table with the manifest's, applies the
    /// migrations that came since, and takes uploaded files that came after a physical backup from those
    /// nearby.
    void load();

    /// Uploaded files that rows name and the file store has not, after the missing ones were added.
    std::uint64_t count_missing_files();

    RestoredDatabase& database() { return database_; }
    RestoredFiles& files() { return files_; }
    const std::shared_ptr<const blobs::Stores>& stores() const { return stores_; }

private:
    std::shared_ptr<http::FileSource> open(std::string_view name) const;
    void load_database();
    void check_rows();
    std::optional<db::Expected> expect_schema() const;
    void migrate(std::future<void>& analyzed, std::optional<db::Expected> expected);
    void take_later_files();
    void each_named_file(const std::function<void(const RestoredFiles::Stored&)>& use);

    const Installation& at_;
    const RestoreSource& source_;
    const Manifest& manifest_;
    RestoredDatabase database_;
    std::shared_ptr<const blobs::Stores> stores_;
    RestoredFiles files_;
};

/// Brings a backup back into a database and a file store that last as long as `use` runs; what is live is not
/// touched. Throws what `use` throws, and std::runtime_error with a sentence.
void use_aside(const Installation& at, const RestoreSource& source,
               const std::function<void(LoadedBackup&)>& use);

}  // namespace bb::safety
