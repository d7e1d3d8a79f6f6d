#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/error.hpp"
#include "features/materials/types.hpp"

namespace bb::materials {

struct Subject {
    SubjectId id;
    std::string name;
    std::int64_t materials = 0;  // that are not deleted
    Time created_at;
    Time updated_at;
    int version = 1;
};

/// What a copy is a copy of.
struct MaterialOrigin {
    MaterialId material;               // of somebody else; it may be gone
    std::optional<std::string> owner;  // that person's name, while they have an account
};

struct Material {
    MaterialId id;
    std::string title;
    std::optional<std::string> subject;
    std::optional<SubjectId> subject_id;
    std::string description;
    bool active = true;
    std::int64_t entries = 0;
    std::int64_t files = 0;
    std::optional<MaterialOrigin> origin;  // of a copy
    Time created_at;
    Time updated_at;
    int version = 1;
};

/// A text that was written here. `content` is loaded for a single entry only.
struct Entry {
    EntryId id;
    MaterialId material;
    std::string title;
    std::string content;
    int characters = 0;  // code points
    int position = 1;    // place in its material, from 1
    Time created_at;
    Time updated_at;
    int version = 1;
};

/// An uploaded file. `text` is loaded for a single file only.
struct File {
    FileId id;
    MaterialId material;
    std::string name;
    std::string media_type;
    std::int64_t bytes = 0;
    crypto::Digest digest{};
    std::string state;                  // "ready", "fetching", "reading" or "failed"
    std::optional<std::string> fault;   // why not: a name of extract::Fault or page::PageFault, or "server"
    std::optional<std::string> reason;  // the same as a sentence in English
    std::string text;
    int characters = 0;
    int reader = 0;  // the version of the reader that it was read by, see extract/read.hpp
    Time created_at;
    Time updated_at;
    int version = 1;
    std::optional<std::string> source_url;  // of a web page: its address
    std::optional<Time> fetched_at;         // none: it was not fetched yet, and `bytes` is 0

    bool is_unfetched() const { return source_url && !fetched_at; }
};

/// One page of a list; `next` is the cursor of the page behind it.
template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;
};

/// Where a page begins: behind the row with this rank (time, position) and id.
struct Cursor {
    std::int64_t rank = 0;
    Uuid id;

    std::string text() const;
    /// Errors: invalid_input when it is not a cursor of ours.
    static Result<Cursor> parse(std::string_view text);
};

/// Cuts `items` (read with one more than `limit`) to a page.
template <class T, class CursorOf>
Page<T> page_of(std::vector<T> items, int limit, CursorOf cursor_of) {
    Page<T> page;
    if (items.size() > static_cast<std::size_t>(limit)) {
        items.resize(static_cast<std::size_t>(limit));
        page.next = cursor_of(items.back());
    }
    page.items = std::move(items);
    return page;
}

}  // namespace bb::materials
