#pragma once
#include <filesystem>
#include <vector>

#include "base/core/error.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "services/blobs/file_store.hpp"
#include "services/personal/personal_data.hpp"

namespace bb::accounts {

/// What data protection works with on one loop. The references must outlive it.
struct Keeping {
    db::Database& db;
    net::BlockingPool& pool;
    std::filesystem::path folder;                // for files without a name while they are made
    std::vector<personal::PersonalData*> parts;  // in the order of an import
    blobs::FileStore& files;
    bool busy = false;  // an archive is made or read on this loop
};

/// Keeps a loop's connections for others: one archive at a time holds one of them.
class ArchiveTurn {
public:
    explicit ArchiveTurn(Keeping& keeping) : keeping_(keeping), taken_(!keeping.busy) {
        if (taken_) keeping_.busy = true;
    }
    ~ArchiveTurn() {
        if (taken_) keeping_.busy = false;
    }
    ArchiveTurn(const ArchiveTurn&) = delete;
    bool taken() const { return taken_; }
    static Error refusal() {
        return Error(ErrorCode::unavailable,
                     "Another archive is being made or read at this moment. Try again in a minute.", {}, 30);
    }

private:
    Keeping& keeping_;
    bool taken_;
};

}  // namespace bb::accounts
