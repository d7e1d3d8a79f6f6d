#pragma once
#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/config/config.hpp"

namespace bb::accounts {

/// How to reach the GitHub that people sign in with.
struct GithubOptions {
    std::string client_id;
    std::string client_secret;
    std::string url;       // without a slash at the end
    std::string api_url;   // likewise
    std::string callback;  // the address that GitHub sends people back to
};

/// Nullopt when no OAuth app is configured. `origin`: public address without a slash at the end.
std::optional<GithubOptions> github_options(const config::Config& config, const std::string& origin);

/// Why a way through GitHub ended before its end. Each has a sentence on the page.
enum class GithubProblem {
    off,          // no OAuth app is configured
    state,        // not begun in this browser, begun too long ago, or come back already
    denied,       // the person said no
    refused,      // GitHub would not ask the person
    code,         // GitHub does not take the code: used, too old, made up
    setup,        // GitHub does not take what this installation says of itself
    unreachable,  // no connection, or GitHub is out of order
    slow,         // no whole answer in time
    garbage,      // an answer that is none
    email,        // no verified primary address
    taken,        // the GitHub account belongs to somebody else here
    other,        // the person has linked another GitHub account
    busy,         // our own database is away, or this was tried too often
    suspended,    // the account here is suspended
    closed,       // there is no account for the address, and nobody makes one by themselves
};

/// "github-denied" and so on, as the page gets it.
std::string slug_of(GithubProblem problem);

template <class T>
using GithubResult = boost::system::result<T, GithubProblem>;

struct GithubAccount {
    std::string subject;  // its number, which never passes to somebody else
    std::string login;
    std::string name;  // as it may be stored; the login when there is none
};

/// The S256 challenge of a PKCE verifier (RFC 7636).
std::string challenge_of(std::string_view verifier);
/// `text` as a part of a query or of a form: everything but letters, digits and -._~ is escaped.
std::string escaped(std::string_view text);
/// Where the browser goes to be asked.
std::string authorize_url(const GithubOptions& options, std::string_view state, std::string_view challenge);
/// The form that exchanges a code for a token.
std::string exchange_form(const GithubOptions& options, std::string_view code, std::string_view verifier);

/// Read the answers of GitHub to the exchange, to /user and to /user/emails. Errors: what the answer says, or
/// garbage.
GithubResult<std::string> read_token(int status, std::string_view body);
GithubResult<GithubAccount> read_account(int status, std::string_view body);
/// The primary address, if it is verified, as parse_address gives it. Errors: also email.
GithubResult<std::string> read_address(int status, std::string_view body);

}  // namespace bb::accounts
