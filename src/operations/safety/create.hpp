#pragma once
#include <string>
#include <vector>

#include "operations/safety/backup_key.hpp"
#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/manifest.hpp"

namespace bb::safety {

/// How the database is copied: as its content (pg_dump), or as the files of its whole server
/// (pg_basebackup), from which with the write-ahead log every later moment can be made.
enum class Method { logical, physical };

/// Makes a backup of database, uploaded files, settings and the server's secret as they are at one moment,
/// sealed to `recipients`. Writers are not held up. When it does not succeed nothing is left that looks like
/// a backup. Throws std::runtime_error with a sentence: no room, another backup is being made, pg_dump is
/// missing or failed; db::Unavailable.
Manifest create_backup(const Installation& from, const Destination& to,
                       const std::vector<PublicKey>& recipients, const std::string& reason,
                       Method method = Method::logical);

}  // namespace bb::safety
