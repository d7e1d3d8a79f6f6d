#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/index/document.hpp"
#include "features/materials/types.hpp"

namespace bb::materials::index {

/// The entry or file that a document is the text of; exactly one is set.
struct Source {
    std::optional<EntryId> entry;
    std::optional<FileId> file;
};

/// What of the passages that a source had stays. After a change of its title nothing may: vectors are made
/// of the title too, and stay with their passage.
enum class Keep { same, none };

/// Puts `document` into the owner's index in place of what the source had there. Passages whose text,
/// headings and page are the same as before keep their ids. Part of the caller's transaction; changes of one
/// owner's index wait for each other.
Task<void> put(db::Transaction& tx, UserId owner, MaterialId material, Source source,
               const Document& document, Keep keep = Keep::same);

/// Takes a source out of the index; nothing happens when it is not in it.
Task<void> remove(db::Transaction& tx, UserId owner, Source source);

/// Follows a source to another material of the same owner.
Task<void> move(db::Transaction& tx, UserId owner, Source source, MaterialId material);

/// The terms of words: Filipino stems as they are, others by PostgreSQL's English dictionary; empty for stop
/// words.
Task<std::vector<std::string>> terms_of(db::Transaction& tx, const std::vector<DocumentWord>& words);

}  // namespace bb::materials::index
