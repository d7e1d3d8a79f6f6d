#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/core/error.hpp"
#include "base/core/time.hpp"
#include "base/core/uuid.hpp"
#include "base/db/database.hpp"

namespace bb::watch {

/// Alarms that tell nobody for a while; they are looked at all the same.
struct SilenceOrder {
    Uuid id;
    std::string alarm;  ///< a name, or its beginning and a star
    std::string reason;
    Time begins, ends;
};

bool fits(const SilenceOrder& order, std::string_view alarm, Time now);

Task<std::vector<SilenceOrder>> silences_of(db::Transaction& tx, Time now);
Task<void> add_silence(db::Transaction& tx, SilenceOrder order);
/// Ends those of exactly this pattern now; how many there were.
Task<int> end_silences(db::Transaction& tx, std::string alarm, Time now);

}  // namespace bb::watch
