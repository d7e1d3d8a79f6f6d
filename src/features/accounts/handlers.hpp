#pragma once
#include "base/http/router.hpp"
#include "features/accounts/routes.hpp"
#include "features/accounts/sessions.hpp"

namespace bb::accounts {

using Answer = Task<Result<http::Response>>;

/// One function per route; `services` and `request` outlive the call.
Answer request_code(http::Request& request, Services& services);
Answer enter_code(http::Request& request, Services& services);
Answer enter_link(http::Request& request, Services& services);
Answer set_up(http::Request& request, Services& services);
Answer sign_out(http::Request& request, Services& services);
Answer show_session(http::Request& request, Services& services);
Answer change_me(http::Request& request, Services& services);
Answer list_sessions(http::Request& request, Services& services);
Answer end_session(http::Request& request, Services& services);
Answer end_other_sessions(http::Request& request, Services& services);

Answer begin_github(http::Request& request, Services& services);
Answer finish_github(http::Request& request, Services& services);
Answer show_claim(http::Request& request, Services& services);
Answer confirm_claim(http::Request& request, Services& services);
Answer list_identities(http::Request& request, Services& services);
Answer begin_link(http::Request& request, Services& services);
Answer unlink_github(http::Request& request, Services& services);

/// Mails a code and a link to `email`, unless it has enough of them. The mail goes out behind the answer.
Task<void> mail_code(Services& services, std::string email, std::string language);

/// Hands the new session to the browser in `response`. One it had before would be an orphan nobody can use:
/// it ends.
Task<void> hand_over(http::Request& request, Services& services, NewSession session,
                     http::Response& response);

/// 204 with the new session, or the error.
Answer welcome(http::Request& request, Services& services, Result<NewSession> session);

/// The session of a signed-in request.
SessionId session_of(const http::Request& request);

/// Whether cookies are to be the ones of https.
bool uses_https(const http::Request& request, const Services& services);

/// Ends one session of its owner everywhere; one that is gone already is no fault.
Task<void> end_everywhere(Services& services, UserId owner, SessionId session);

/// Tells every cache of this process that a session is over.
void forget_everywhere(Services& services, const crypto::Digest& token_hash);

}  // namespace bb::accounts
