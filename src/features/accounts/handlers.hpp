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
Answer passkey_options(http::Request& request, Services& services);
Answer add_passkey(http::Request& request, Services& services);
Answer list_passkeys(http::Request& request, Services& services);
Answer rename_passkey(http::Request& request, Services& services);
Answer remove_passkey(http::Request& request, Services& services);
Answer passkey_sign_in_options(http::Request& request, Services& services);
Answer enter_passkey(http::Request& request, Services& services);
Answer show_recovery_codes(http::Request& request, Services& services);
Answer renew_recovery_codes(http::Request& request, Services& services);
Answer enter_recovery_code(http::Request& request, Services& services);

/// Hands a session that has begun to the browser: 204 with the cookie, or the error. One that the browser had
/// before would be an orphan nobody can use: it ends.
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
