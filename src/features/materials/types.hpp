#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "features/accounts/types.hpp"

namespace bb::materials {

using accounts::UserId;
using SubjectId = Id<struct SubjectTag>;
using MaterialId = Id<struct MaterialTag>;
using EntryId = Id<struct EntryTag>;
using FileId = Id<struct FileTag>;

/// A passage that a search found, with where it stands.
struct FoundPassage {
    std::int64_t passage = 0;
    MaterialId material;
    std::optional<EntryId> entry;  // exactly one of entry and file is set
    std::optional<FileId> file;
    std::string material_title;
    std::string title;                      // of the entry or file
    std::vector<std::string> heading_path;  // outermost first
    std::optional<std::int32_t> page;       // page, slide or sheet where it begins, from 1
    std::int32_t start = 0;                 // code points in the entry's or file's text
    std::int32_t end = 0;
    std::string text;
    double score = 0;
    std::vector<std::pair<std::int32_t, std::int32_t>> highlights;  // code points in `text`
};

/// The rankings that a search came from.
struct SearchRanks;

/// Best first. `answerable` is false when nothing fits the words of the question well enough to answer from.
struct PassageSearch {
    std::vector<FoundPassage> passages;
    bool answerable = false;
    bool by_meaning = false;  // something was found by what it means, whether or not it is answerable
    std::shared_ptr<const SearchRanks> ranks;  // what Search::widened() goes on from
};

}  // namespace bb::materials
