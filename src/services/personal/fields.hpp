#pragma once
#include <string_view>

#include "base/core/json_reader.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"

namespace bb::personal {

/// The identity of a thing in an archive. `original` is the id it had where it was made first: it tells that
/// a thing is the same one on whatever way it comes.
struct ArchivedId {
    Uuid id;
    Uuid original;
};

/// Reads "id" and "originalId" (optional).
ArchivedId read_ids(FieldReader& in);
/// Reads a required time as to_rfc3339() writes it; one to come is now.
Time read_time(FieldReader& in, std::string_view name);

}  // namespace bb::personal
