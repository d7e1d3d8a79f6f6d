#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "operations/safety/manifest.hpp"
#include "operations/safety/retention.hpp"
#include "operations/safety/store.hpp"

namespace bb::safety {

/// One backup in a place.
struct StoredBackup {
    std::string id;
    std::shared_ptr<const Store> store;  ///< where it is
    std::optional<Manifest> manifest;    ///< nothing: it cannot be used
    std::string fault;                   ///< why
    std::string passed_over;             ///< of the newest: which newer ones cannot be used, and why
    std::string manifest_text;           ///< as it stands there
    bool held = false;                   ///< never pruned
    Time at = {};                        ///< of its data, or as its id says when it has no manifest

    /// For people: "/mnt/backups/ID", "s3://BUCKET/PREFIX/ID".
    std::string path() const { return store->name() + "/" + id; }
    /// Name of one of its objects in the store.
    std::string object(std::string_view name) const { return id + "/" + std::string(name); }
};

/// A place where backups are kept, each under its id: manifest.json and the parts. What is not finished is no
/// backup, so that whatever is there is whole. Cheap to copy. Everything throws as Store does.
class Destination {
public:
    /// A folder of this machine.
    explicit Destination(std::filesystem::path folder);
    explicit Destination(std::shared_ptr<Store> store, Retention retention = {});

    const Store& store() const { return *store_; }
    Store& store() { return *store_; }
    std::string name() const { return store_->name(); }
    const Retention& retention() const { return retention_; }

    void prepare() const { store_->prepare(); }
    std::unique_ptr<Store::Lock> lock() const { return store_->lock(); }
    int remove_unfinished() const { return store_->remove_drafts(); }

    /// Every backup, oldest first; those that cannot be read, whose parts have not the size that they were
    /// made with, or that are marked as damaged, have a fault.
    std::vector<StoredBackup> list() const;
    /// The one with this id, or the newest whole one for "latest". Those that were made of what a restore
    /// replaced, and those of a time to come, are the latest only where there is no other. Errors: not_found,
    /// saying where was looked.
    Result<StoredBackup> find(std::string_view id) const { return find(id, Marked::damaged); }
    /// The same for who reads it back: one of this id that is marked as damaged is found too.
    Result<StoredBackup> find_to_check(std::string_view id) const { return find(id, Marked::found); }

    /// For a part of a backup that is being made.
    std::unique_ptr<ObjectWriter> add(std::string_view id, std::string_view object) const;
    /// Makes a backup of what was added, once every part that the manifest names is there with its size.
    void commit(std::string_view id, std::string_view manifest_text) const;
    void give_up(std::string_view id) const noexcept;

    /// Removes a backup for good; a crash leaves it whole or unfinished.
    void remove(const StoredBackup& backup) const;
    /// Keeps it from being pruned, or no longer.
    void hold(const StoredBackup& backup, bool held) const;
    /// Makes one count as damaged whose bytes are not as they were written, or no longer. Nothing happens to
    /// one that has gone meanwhile.
    void mark(const StoredBackup& backup, bool damaged) const;

private:
    enum class Marked { damaged, found };  ///< what one that was marked is taken for

    Result<StoredBackup> find(std::string_view id, Marked marked) const;
    StoredBackup look_at(const std::string& id, Marked marked) const;
    std::map<std::string, std::uint64_t> sizes_in(const std::string& folder) const;
    bool is_there_without_manifest(const std::string& id) const;
    Result<StoredBackup> newest() const;

    std::shared_ptr<Store> store_;
    Retention retention_;
};

/// A new id: the time to the second and six random digits ("20261126T071500Z-1a2b3c"), so that ids sort by
/// time.
std::string new_backup_id(Time at);

}  // namespace bb::safety
