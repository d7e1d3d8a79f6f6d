#pragma once
#include <optional>
#include <string>

#include "operations/safety/destination.hpp"
#include "operations/safety/installation.hpp"
#include "operations/safety/manifest.hpp"
#include "services/secrets/sealed.hpp"

namespace bb::safety {

/// Name of the part that holds the files of a database server.
inline constexpr const char* cluster_part = "cluster";

/// Why the files of the server cannot be copied, in a sentence that says what to do; nothing: they can.
/// Throws db::Unavailable.
std::optional<std::string> why_not_physical(const Installation& from);

/// Copies the files of the whole database server as they are while it works (pg_basebackup), with the log
/// that makes one moment of them, into a part of the backup `manifest` is about; notes there where its log
/// begins and ends. `file_bytes`: what else of the backup the place must have room for. Throws
/// std::runtime_error with a sentence: no right, no room; as Store does.
void pack_cluster(const Installation& from, const Destination& to, const secrets::Key& key, int workers,
                  std::uint64_t file_bytes, Manifest& manifest);

}  // namespace bb::safety
