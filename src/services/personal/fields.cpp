#include "services/personal/fields.hpp"

#include "services/personal/personal_data.hpp"

namespace bb::personal {

ArchivedId read_ids(FieldReader& in) {
    ArchivedId ids;
    const auto id = in.optional_uuid("id");
    if (id) {
        ids.id = *id;
    } else {
        in.complain("id", "must be an identifier");
    }
    ids.original = in.optional_uuid("originalId").value_or(ids.id);
    return ids;
}

Time read_time(FieldReader& in, std::string_view name) {
    const auto text = in.text(name, {1, 40});
    const auto time = past_time(text);
    if (!time && !text.empty()) in.complain(name, "must be a time like 2026-11-22T20:10:00.000000Z");
    return time.value_or(Time());
}

}  // namespace bb::personal
