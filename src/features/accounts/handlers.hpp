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
Answer change_me(http::Request& request, Services& services);
Answer list_sessions(http::Request& request, Services& services);
Answer end_session(http::Request& request, Services& services);
Answer end_other_sessions(http::Request& request, Services& services);
Answer enter_invitation(http::Request& request, Services& services);
Answer prove_again(http::Request& request, Services& services);

Answer list_people(http::Request& request, Services& services);
Answer show_person(http::Request& request, Services& services);
Answer change_person(http::Request& request, Services& services);
Answer show_policy(http::Request& request, Services& services);
Answer change_sign_up(http::Request& request, Services& services);
Answer list_invitations(http::Request& request, Services& services);
Answer invite(http::Request& request, Services& services);
Answer revoke_invitation(http::Request& request, Services& services);
Answer show_storage(http::Request& request, Services& services);
Answer test_mail(http::Request& request, Services& services);
Answer list_audit(http::Request& request, Services& services);

/// A route and what the API's description says of it.
struct AccountRoute {
    http::Method method;
    const char* pattern;
    Answer (*handle)(http::Request&, Services&);
    http::Access access;
    const char* summary;
    const char* request_schema;
    const char* response_schema;
    int success;
    std::size_t body_limit = 1 << 20;
};
std::span<const AccountRoute> administration_routes();
std::span<const AccountRoute> privacy_routes();

Answer export_data(http::Request& request, Services& services);
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
Task<void> mail_code(Services& services, std::string email, std::string language);

/// Hands the new session to the browser in `response`. One it had before would be an orphan nobody can use:
/// it ends.
Task<void> hand_over(http::Request& request, Services& services, NewSession session,
                     http::Response& response);

/// 204 with the new session, or the error.
Answer welcome(http::Request& request, Services& services, Result<NewSession> session);

/// Writes down that somebody did not get in by `method`. `email`: the address they named, if any.
Task<void> note_failure(const http::Request& request, Services& services, Error why, const char* method,
                        std::string email = "");

/// The session of a signed-in request.
SessionId session_of(const http::Request& request);

/// For what must not be done on a session that somebody left open. Errors: proof_too_old.
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
Task<void> send_behind(Services& services, mail::Message message);

}  // namespace bb::accounts
