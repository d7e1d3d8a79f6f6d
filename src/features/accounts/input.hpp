#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "features/accounts/administration.hpp"
#include "features/accounts/invitations.hpp"
#include "features/accounts/keys.hpp"
#include "features/accounts/notices.hpp"
#include "features/accounts/people.hpp"
#include "features/accounts/policy.hpp"
#include "features/accounts/sign_in.hpp"

namespace bb::accounts {

/// Bodies of the account routes. Each parser reports every bad field at once (invalid_input).

struct CodeRequest {
    std::string email;  // as parse_address gives it
    std::string language;
};
Result<CodeRequest> parse_code_request(const boost::json::value& body);

struct CodeEntry {
    std::string email;
    std::string code;  // six digits
};
Result<CodeEntry> parse_code_entry(const boost::json::value& body);

Result<std::string> parse_link_entry(const boost::json::value& body);
Result<FirstAdministrator> parse_first_administrator(const boost::json::value& body);
Result<ProfileChange> parse_profile_change(const boost::json::value& body);
/// The six digits.
Result<std::string> parse_code_alone(const boost::json::value& body);

Result<std::string> parse_address_alone(const boost::json::value& body);
Result<NoticeChange> parse_notice_change(const boost::json::value& body);
/// What is wanted of an API key.
Result<NewKey> parse_new_key(const boost::json::value& body);

/// Bodies of the routes of administration.
Result<PersonChange> parse_person_change(const boost::json::value& body);
Result<Policy> parse_policy(const boost::json::value& body);
Result<NewInvitation> parse_invitation(const boost::json::value& body);
/// The query of the list of people.
Result<PeopleQuery> parse_people_query(const http::Request& request);
/// How many days of use are asked for: 1 to 366, 30 unless told.
Result<int> parse_days(const http::Request& request);

}  // namespace bb::accounts
