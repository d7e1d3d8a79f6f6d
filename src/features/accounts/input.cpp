#include "features/accounts/input.hpp"

#include "base/core/json_reader.hpp"
#include "features/accounts/address.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

constexpr TextLimits name_limits{1, 80};
constexpr TextLimits token_limits{1, 200};

std::string read_address(FieldReader& in) {
    const auto text = in.text("email", {1, 254});
    if (text.empty()) return {};  // complained about already
    const auto address = parse_address(text);
    if (!address) in.complain("email", "This is not an e-mail address.");
    return address.value_or("");
}

std::string read_code(FieldReader& in) {
    const auto text = in.text("code", {1, 20});
    const auto code = parse_code(text);
    if (!code && !text.empty()) in.complain("code", "The code has six digits.");
    return code.value_or("");
}

template <class T>
Result<T> finished(FieldReader& in, T value) {
    if (auto bad = in.error()) return std::move(*bad);
    return value;
}

}  // namespace

Result<CodeRequest> parse_code_request(const boost::json::value& body) {
    FieldReader in(body);
    CodeRequest parsed{read_address(in), in.optional_choice("language", {"en", "fil"}).value_or("en")};
    return finished(in, std::move(parsed));
}

Result<CodeEntry> parse_code_entry(const boost::json::value& body) {
    FieldReader in(body);
    CodeEntry parsed{read_address(in), read_code(in)};
    return finished(in, std::move(parsed));
}

Result<std::string> parse_claim_code(const boost::json::value& body) {
    FieldReader in(body);
    return finished(in, read_code(in));
}

Result<std::string> parse_link_entry(const boost::json::value& body) {
    FieldReader in(body);
    return finished(in, in.text("token", token_limits));
}

Result<FirstAdministrator> parse_first_administrator(const boost::json::value& body) {
    FieldReader in(body);
    FirstAdministrator parsed{in.text("token", token_limits), read_address(in), in.text("name", name_limits)};
    return finished(in, std::move(parsed));
}

Result<ProfileChange> parse_profile_change(const boost::json::value& body) {
    FieldReader in(body);
    ProfileChange parsed{in.optional_text("name", name_limits), in.optional_choice("language", {"en", "fil"}),
                         in.optional_choice("theme", {"light", "dark", "system"})};
    return finished(in, std::move(parsed));
}

}  // namespace bb::accounts
