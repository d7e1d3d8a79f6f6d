#include "features/accounts/input.hpp"

#include <algorithm>

#include "base/core/address.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/number.hpp"
#include "base/core/utf8.hpp"
#include "features/accounts/secrets.hpp"

namespace bb::accounts {
namespace {

constexpr TextLimits name_limits{1, 80};
constexpr TextLimits token_limits{1, 200};
constexpr std::size_t most_domains = 50;

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

/// A domain in its one stored form, also from "@School.example"; nullopt when addresses cannot end with it.
std::optional<std::string> parse_domain(std::string_view text) {
    if (text.starts_with('@')) text.remove_prefix(1);
    const auto address = parse_address("x@" + std::string(text));
    if (!address || text.find('@') != std::string_view::npos) return std::nullopt;
    return address->substr(2);
}

/// `wanted`: there must be some.
std::vector<std::string> read_domains(FieldReader& in, bool wanted) {
    std::vector<std::string> domains;
    const auto* value = in.raw("domains");
    const auto* list = value ? value->if_array() : nullptr;
    if ((value && !list) || (list && list->size() > most_domains) || (wanted && (!list || list->empty()))) {
        in.complain("domains",
                    wanted ? "must be a list of 1 to 50 domains" : "must be a list of at most 50 domains");
        return domains;
    }
    if (!list) return domains;
    for (const auto& item : *list) {
        const auto* text = item.if_string();
        auto domain = text ? parse_domain(utf8::trim({text->data(), text->size()})) : std::nullopt;
        if (!domain) {
            in.complain("domains", "must hold domains of mail addresses alone, like school.example");
            break;
        }
        if (std::find(domains.begin(), domains.end(), *domain) == domains.end())
            domains.push_back(std::move(*domain));
    }
    return domains;
}

/// Some of the scopes that there are, in their order.
std::vector<std::string> read_scopes(FieldReader& in) {
    constexpr std::string_view known[] = {"read", "write", "admin"};
    const auto* value = in.raw("scopes");
    const auto* list = value ? value->if_array() : nullptr;
    std::vector<std::string> scopes;
    std::size_t matched = 0;
    for (const auto scope : known) {
        if (!list) break;
        const auto count = std::count_if(list->begin(), list->end(), [&](const auto& item) {
            return item.is_string() && item.get_string() == scope;
        });
        matched += static_cast<std::size_t>(count);
        if (count > 0) scopes.emplace_back(scope);
    }
    if (scopes.empty() || matched != list->size())
        in.complain("scopes", "must be a list of some of \"read\", \"write\" and \"admin\"");
    return scopes;
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

Result<std::string> parse_code_alone(const boost::json::value& body) {
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

Result<std::string> parse_address_alone(const boost::json::value& body) {
    FieldReader in(body);
    return finished(in, read_address(in));
}

Result<NoticeChange> parse_notice_change(const boost::json::value& body) {
    FieldReader in(body);
    NoticeChange parsed{in.optional_bool("newDevice"), in.optional_bool("weekly")};
    return finished(in, parsed);
}

Result<NewKey> parse_new_key(const boost::json::value& body) {
    FieldReader in(body);
    NewKey parsed{in.text("name", name_limits), read_scopes(in)};
    parsed.days = static_cast<int>(in.optional_integer("days", 1, 366).value_or(parsed.days));
    return finished(in, std::move(parsed));
}

Result<PersonChange> parse_person_change(const boost::json::value& body) {
    FieldReader in(body);
    PersonChange parsed;
    parsed.role = in.optional_choice("role", {"student", "teacher", "administrator"});
    if (const auto state = in.optional_choice("state", {"active", "suspended"}))
        parsed.suspended = *state == "suspended";
    return finished(in, std::move(parsed));
}

Result<Policy> parse_policy(const boost::json::value& body) {
    FieldReader in(body);
    Policy parsed{in.choice("signUp", {"open", "invited", "domains"}), {}};
    parsed.domains = read_domains(in, parsed.sign_up == "domains");
    return finished(in, std::move(parsed));
}

Result<NewInvitation> parse_invitation(const boost::json::value& body) {
    FieldReader in(body);
    NewInvitation parsed{read_address(in), in.choice("role", {"student", "teacher", "administrator"}),
                         in.optional_choice("language", {"en", "fil"}).value_or("en")};
    return finished(in, std::move(parsed));
}

Result<PeopleQuery> parse_people_query(const http::Request& request) {
    const auto page = http::page_query(request);
    if (!page) return page.error();
    PeopleQuery query;
    query.limit = page->limit;
    if (page->after) {
        query.after = UserId::parse(*page->after);
        if (!query.after) return bad_field("?after", "is not a cursor of this list");
    }
    query.words = utf8::trim(request.query("q").value_or(""));
    if (utf8::has_controls(query.words) || utf8::length(query.words) > 254)
        return bad_field("?q", "must have at most 254 characters and no control characters");
    if (const auto role = request.query("role")) {
        if (*role != "student" && *role != "teacher" && *role != "administrator")
            return bad_field("?role", "must be student, teacher or administrator");
        query.role = *role;
    }
    if (const auto state = request.query("state")) {
        if (*state != "active" && *state != "suspended")
            return bad_field("?state", "must be active or suspended");
        query.suspended = *state == "suspended";
    }
    return query;
}

Result<int> parse_days(const http::Request& request) {
    const auto asked = request.query("days");
    if (!asked) return 30;
    const auto days = parse_number<int>(*asked);
    if (!days || *days < 1 || *days > 366) return bad_field("?days", "must be a whole number from 1 to 366");
    return *days;
}

}  // namespace bb::accounts
