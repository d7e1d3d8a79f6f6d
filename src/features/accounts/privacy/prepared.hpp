#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/http/file_body.hpp"
#include "features/accounts/privacy/keeping.hpp"
#include "features/accounts/types.hpp"
#include "services/audit/audit.hpp"

namespace bb::accounts {

/// How long an archive that was asked for lies ready.
inline constexpr std::chrono::hours archive_kept{7 * 24};

/// An archive that a person asked for.
struct Prepared {
    std::string_view state;  // "making", "ready" or "failed"
    Time asked_at;
    std::optional<Time> ready_at;
    std::optional<Time> until;  // when it is deleted
    std::optional<std::int64_t> bytes;
};

/// The archive that `owner` asked for last; nullopt when there is none.
Task<std::optional<Prepared>> prepared_of(db::Database& db, UserId owner);

/// Asks for an archive, or for a new one; one that is being made is waited for. It is made by
/// make_prepared().
Task<Prepared> ask_for_archive(Keeping& keeping, UserId owner, audit::Origin origin);

/// The archive itself; nullopt unless it is ready. `request` is the id of the one that wants it, for the log.
Task<std::optional<http::FileBody>> open_prepared(Keeping& keeping, UserId owner, std::string request);

/// Deletes it, or takes the wish back.
Task<void> discard_prepared(Keeping& keeping, UserId owner);

/// Makes an archive that `owner` waits for and mails that it is ready. Does nothing when none is waited for
/// or another server makes it; leaves it for later when this loop is busy. Throws nothing but what ends the
/// loop.
Task<void> make_prepared(Keeping& keeping, UserId owner, std::string request = {});

/// Makes what waits, also what a server left that died over it, and deletes what has lain a week; every
/// minute until it is cancelled.
Task<void> keep_preparing(Keeping& keeping);

}  // namespace bb::accounts
