#include "features/accounts/github/oauth.hpp"

#include <algorithm>

#include "base/core/address.hpp"
#include "base/core/crypto.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/utf8.hpp"

namespace bb::accounts {
namespace {

constexpr std::string_view public_github = "https://github.com";
constexpr std::size_t longest_token = 500;
constexpr std::size_t longest_login = 100;
constexpr std::size_t longest_name = 80;

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

std::string api_of(const config::Config& config, const std::string& url) {
    if (config.is_set("GITHUB_API_URL")) return without_slash(config.text("GITHUB_API_URL"));
    return url == public_github ? "https://api.github.com" : url + "/api/v3";
}

/// The text of a member, or null.
const boost::json::string* text_of(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value ? value->if_string() : nullptr;
}

bool is_true(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

/// What a status other than 200 says.
GithubProblem problem_of(int status) {
    if (status == 404) return GithubProblem::setup;  // not the address of an API
    return status == 429 || status >= 500 ? GithubProblem::unreachable : GithubProblem::garbage;
}

GithubProblem problem_of(std::string_view error) {
    if (error == "bad_verification_code") return GithubProblem::code;
    if (error == "unverified_user_email") return GithubProblem::email;
    return GithubProblem::setup;  // incorrect_client_credentials, redirect_uri_mismatch and the like
}

/// A name within the bounds of ours, or the login.
std::string stored_name(const boost::json::string* name, const std::string& login) {
    if (!name) return login;
    const std::string_view text(name->data(), name->size());
    const auto trimmed = utf8::trim(text);
    const bool one_line = trimmed.find_first_of("\t\r\n") == std::string_view::npos;
    if (trimmed.empty() || !one_line || utf8::has_controls(trimmed)) return login;
    return std::string(utf8::trim(utf8::prefix(trimmed, longest_name)));
}

}  // namespace

std::optional<GithubOptions> github_options(const config::Config& config, const std::string& origin) {
    if (!config.is_set("GITHUB_CLIENT_ID") || !config.is_set("GITHUB_CLIENT_SECRET")) return std::nullopt;
    auto url = without_slash(config.text("GITHUB_URL"));
    auto api = api_of(config, url);
    return GithubOptions{config.text("GITHUB_CLIENT_ID"), config.text("GITHUB_CLIENT_SECRET"), std::move(url),
                         std::move(api), origin + "/api/auth/github/callback"};
}

std::string slug_of(GithubProblem problem) {
    constexpr std::string_view names[] = {"off",   "state",       "denied", "refused",   "code",
                                          "setup", "unreachable", "slow",   "garbage",   "email",
                                          "taken", "other",       "busy",   "suspended", "closed"};
    return "github-" + std::string(names[static_cast<std::size_t>(problem)]);
}

std::string challenge_of(std::string_view verifier) {
    auto text = crypto::base64(crypto::sha256(verifier));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    while (text.ends_with('=')) text.pop_back();
    return text;
}

std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~").find(c) != std::string_view::npos;
        if (plain)
            out += c;
        else
            out.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return out;
}

std::string authorize_url(const GithubOptions& options, std::string_view state, std::string_view challenge) {
    std::string url = options.url + "/login/oauth/authorize?client_id=" + escaped(options.client_id);
    url.append("&redirect_uri=").append(escaped(options.callback));
    url.append("&scope=user%3Aemail&state=").append(escaped(state));
    url.append("&code_challenge=").append(escaped(challenge)).append("&code_challenge_method=S256");
    return url;
}

std::string exchange_form(const GithubOptions& options, std::string_view code, std::string_view verifier) {
    std::string form = "client_id=" + escaped(options.client_id);
    form.append("&client_secret=").append(escaped(options.client_secret));
    form.append("&code=").append(escaped(code)).append("&redirect_uri=").append(escaped(options.callback));
    form.append("&code_verifier=").append(escaped(verifier));
    return form;
}

GithubResult<std::string> read_token(int status, std::string_view body) {
    const auto json = parse_json(body);
    const auto* answer = json ? json->if_object() : nullptr;
    // GitHub tells its refusals with 200, other servers of the protocol with 400.
    if (const auto* error = answer ? text_of(*answer, "error") : nullptr)
        return problem_of(std::string_view(error->data(), error->size()));
    if (status != 200) return problem_of(status);
    const auto* token = answer ? text_of(*answer, "access_token") : nullptr;
    const bool plain = token && !token->empty() && token->size() <= longest_token &&
                       std::all_of(token->begin(), token->end(), [](char c) { return c > ' ' && c < 127; });
    if (!plain) return GithubProblem::garbage;
    return std::string(token->data(), token->size());
}

GithubResult<GithubAccount> read_account(int status, std::string_view body) {
    if (status != 200) return problem_of(status);
    const auto json = parse_json(body);
    const auto* answer = json ? json->if_object() : nullptr;
    if (!answer) return GithubProblem::garbage;
    const auto* number = answer->if_contains("id");
    const auto* login = text_of(*answer, "login");
    if (!number || !number->is_int64() || number->get_int64() < 1 || !login) return GithubProblem::garbage;
    std::string name(login->data(), login->size());
    if (name.empty() || name.size() > longest_login || utf8::has_controls(name))
        return GithubProblem::garbage;
    auto shown = stored_name(text_of(*answer, "name"), name);
    return GithubAccount{std::to_string(number->get_int64()), std::move(name), std::move(shown)};
}

GithubResult<std::string> read_address(int status, std::string_view body) {
    // 403 and 404: the person has taken the right to read addresses away from the list of what is asked for.
    if (status == 403 || status == 404) return GithubProblem::email;
    if (status != 200) return problem_of(status);
    const auto json = parse_json(body);
    const auto* list = json ? json->if_array() : nullptr;
    if (!list) return GithubProblem::garbage;
    for (const auto& one : *list) {
        const auto* entry = one.if_object();
        if (!entry || !is_true(*entry, "primary") || !is_true(*entry, "verified")) continue;
        const auto* text = text_of(*entry, "email");
        if (!text) continue;
        auto address = parse_address(std::string_view(text->data(), text->size()));
        if (address) return std::move(*address);
    }
    return GithubProblem::email;
}

}  // namespace bb::accounts
