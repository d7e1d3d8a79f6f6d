#pragma once
#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/core/error.hpp"
#include "features/accounts/people.hpp"
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

/// A code alone.
Result<std::string> parse_claim_code(const boost::json::value& body);
Result<std::string> parse_link_entry(const boost::json::value& body);
Result<FirstAdministrator> parse_first_administrator(const boost::json::value& body);
Result<ProfileChange> parse_profile_change(const boost::json::value& body);

}  // namespace bb::accounts
