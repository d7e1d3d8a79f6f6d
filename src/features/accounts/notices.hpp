#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/accounts/client.hpp"
#include "features/accounts/types.hpp"
#include "services/mail/queue.hpp"

namespace bb::accounts {

/// Which notices a person wants by mail. Those about a change of the address always go out.
struct NoticeChoices {
    bool new_device = true;
    bool weekly = false;
};

/// What becomes of the choices; what is absent stays.
struct NoticeChange {
    std::optional<bool> new_device;
    std::optional<bool> weekly;
};

Task<NoticeChoices> read_choices(db::Database& db, UserId owner);
/// Applies `change` to choices of that mark. Errors: stale.
Task<Result<NoticeChoices>> change_choices(db::Database& db, UserId owner, NoticeChange change,
                                           http::IfMatch condition);
/// Stands for the choices, see http::IfMatch.
std::string choices_mark(const NoticeChoices& choices);

/// Remembers from where a person signs in, as a part of `tx`, and queues a notice when that is new and not
/// the first place.
Task<void> note_device(db::Transaction& tx, UserId person, Client client);

/// When on a Sunday evening of the Philippines (18:00 to midnight, UTC+8), queues the summary of the week for
/// who wants it and did something; once for each Sunday. Returns how many.
Task<int> queue_summaries(db::Database& db, Time at);

/// Does so every ten minutes until it is cancelled; for one loop of each process. `db` must outlive it.
Task<void> keep_summing_up(db::Database& db);

/// What lets whoever holds a mail end mails of its kind ("new_device" or "weekly"), and nothing else.
std::string unsubscribe_token(std::string_view secret, UserId person, std::string_view kind);

/// Errors: invalid_input when the token is not one of ours.
Task<Result<void>> unsubscribe(db::Database& db, std::string_view secret, std::string_view token);

/// Writes notices for an installation at `origin` (without a slash at the end) whose server_secret() is
/// `secret`.
mail::Compose notice_writer(std::string origin, std::string secret);

}  // namespace bb::accounts
