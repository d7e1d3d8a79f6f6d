#pragma once
#include <string>

#include "base/client/http_client.hpp"
#include "features/accounts/github/oauth.hpp"

namespace bb::accounts {

/// Talks with GitHub: every call has ten seconds and takes at most 256 KiB. Tokens are kept nowhere.
/// `request` is the id of the one that a call is made for.
class GithubClient {
public:
    GithubClient(client::HttpClient& http, const GithubOptions& options) : http_(http), options_(options) {}

    /// The token that GitHub gives for a code and its PKCE verifier.
    Task<GithubResult<std::string>> exchange(std::string code, std::string verifier, std::string request);
    /// Whose token it is.
    Task<GithubResult<GithubAccount>> account(std::string token, std::string request);
    /// Their verified primary address. Errors: email when there is none.
    Task<GithubResult<std::string>> address(std::string token, std::string request);

private:
    client::Outgoing question(std::string path, const std::string& token) const;

    client::HttpClient& http_;
    const GithubOptions& options_;
};

}  // namespace bb::accounts
