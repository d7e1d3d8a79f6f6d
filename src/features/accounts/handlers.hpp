#pragma once
#include <span>

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
Answer show_me(http::Request& request, Services& services);
Answer change_me(http::Request& request, Services& services);
Answer list_sessions(http::Request& request, Services& services);
Answer end_session(http::Request& request, Services& services);
Answer end_other_sessions(http::Request& request, Services& services);
Answer enter_invitation(http::Request& request, Services& services);
Answer prove_again(http::Request& request, Services& services);

Answer list_keys(http::Request& request, Services& services);
Answer make_key(http::Request& request, Services& services);
Answer revoke_key(http::Request& request, Services& services);

Answer ask_address(http::Request& request, Services& services);
Answer confirm_address(http::Request& request, Services& services);
Answer show_notices(http::Request& request, Services& services);
Answer change_notices(http::Request& request, Services& services);
Answer stop_notices(http::Request& request, Services& services);

Answer list_people(http::Request& request, Services& services);
Answer show_person(http::Request& request, Services& services);
Answer change_person(http::Request& request, Services& services);
Answer show_policy(http::Request& request, Services& services);
Answer change_sign_up(http::Request& request, Services& services);
Answer show_invitation(http::Request& request, Services& services);
Answer list_invitations(http::Request& request, Services& services);
Answer invite(http::Request& request, Services& services);
Answer revoke_invitation(http::Request& request, Services& services);
Answer show_usage(http::Request& request, Services& services);
Answer show_storage(http::Request& request, Services& services);
Answer test_mail(http::Request& request, Services& services);
Answer list_audit(http::Request& request, Services& services);

Answer export_data(http::Request& request, Services& services);
Answer prepare_archive(http::Request& request, Services& services);
Answer download_archive(http::Request& request, Services& services);
Answer discard_archive(http::Request& request, Services& services);
Answer import_data(http::Request& request, Services& services);
Answer erase_me(http::Request& request, Services& services);
Answer show_privacy(http::Request& request, Services& services);
Answer list_access(http::Request& request, Services& services);
Answer show_retention(http::Request& request, Services& services);
Answer set_retention(http::Request& request, Services& services);

Answer begin_github(http::Request& request, Services& services);
Answer finish_github(http::Request& request, Services& services);
Answer show_claim(http::Request& request, Services& services);
Answer confirm_claim(http::Request& request, Services& services);
Answer list_identities(http::Request& request, Services& services);
Answer begin_link(http::Request& request, Services& services);
Answer unlink_github(http::Request& request, Services& services);

/// Mails a code and a link to `email`, unless it has enough of them. The mail goes out behind the answer.
Task<void> mail_code(Services& services, const http::Request& request, std::string email,
                     std::string language);

/// Hands the new session to the browser in `response`. One it had before would be an orphan nobody can use:
/// it ends.
Task<void> hand_over(http::Request& request, Services& services, NewSession session,
                     http::Response& response);

/// 204 with the new session, or the error, which is written down as by note_failure().
Answer welcome(http::Request& request, Services& services, Result<NewSession> session, const char* method,
               std::string email = "");

/// Writes down that somebody did not get in by `method`. `email`: the address they named, if any.
Task<void> note_failure(const http::Request& request, Services& services, Error why, const char* method,
                        std::string email = "");

/// Takes a token for a try to sign in by `method`. The answer when there was none, which is counted.
Task<std::optional<http::Response>> refuse_try(const http::Request& request, Services& services,
                                               const char* method, std::string address = "");
/// The same for the mail of a code or link.
Task<std::optional<http::Response>> refuse_mail(const http::Request& request, Services& services,
                                                const char* method, std::string address);
void count_sign_in(Services& services, const char* method, SignInCounts::Outcome outcome);

Answer passkey_options(http::Request& request, Services& services);
Answer add_passkey(http::Request& request, Services& services);
Answer list_passkeys(http::Request& request, Services& services);
Answer show_passkey(http::Request& request, Services& services);
Answer rename_passkey(http::Request& request, Services& services);
Answer remove_passkey(http::Request& request, Services& services);
Answer passkey_sign_in_options(http::Request& request, Services& services);
Answer enter_passkey(http::Request& request, Services& services);
Answer show_recovery_codes(http::Request& request, Services& services);
Answer renew_recovery_codes(http::Request& request, Services& services);
Answer enter_recovery_code(http::Request& request, Services& services);

/// The session of a signed-in request.
SessionId session_of(const http::Request& request);

/// Whether the holder of the session proved within 15 minutes who they are: for what must not be done on a
/// session that somebody left open. Errors: proof_too_old; forbidden for a key.
Task<Result<void>> check_proof(const http::Request& request, Services& services);

/// Whether cookies are to be the ones of https.
bool uses_https(const http::Request& request, const Services& services);

/// Ends the session of a signed-in request everywhere, which the audit log knows as `action`; one that is
/// gone already is no fault.
Task<void> end_own_session(Services& services, const http::Request& request, std::string action);

/// Tells every cache of this process that a session is over.
void forget_everywhere(Services& services, const crypto::Digest& token_hash);
void forget_everywhere(Services& services, UserId person);

/// Sends a mail behind the answer, which therefore says nothing about it.
Task<void> send_behind(Services& services, const http::Request& request, mail::Message message);

}  // namespace bb::accounts
