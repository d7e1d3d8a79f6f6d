#pragma once
#include <boost/json/value.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "base/client/http_client.hpp"
#include "base/core/error.hpp"

namespace bb::dns {

/// How Cloudflare's API is reached.
struct Access {
    std::string url;
    std::string token;
    std::string account;  ///< whose zones; empty: of all that the token reaches
    std::string ca_file;  ///< as HttpClient's
    int attempts = 3;     ///< of what may be sent again
};

/// Calls of the API, with its envelope taken off. Errors say in a sentence what to do; the token is in none.
class Api {
public:
    explicit Api(Access access) : access_(std::move(access)) {}

    /// The envelope of a success. A write is sent again only when it was certainly not carried out;
    /// unavailable with a time to retry after is such a fault.
    Result<boost::json::value> call(const std::string& method, const std::string& path,
                                    const std::string& json = {}) const;
    /// All pages of a list; `query` without "?", its values encoded. Errors: too_large beyond 100 pages.
    Result<std::vector<boost::json::value>> list(const std::string& path, const std::string& query,
                                                 int per_page) const;
    const Access& access() const { return access_; }

private:
    Result<boost::json::value> read(const std::string& what, bool writes, const client::Reply& reply) const;
    Error no_reply(bool writes, const client::Reply& reply) const;
    Error refusal(const std::string& what, int status, const std::string& words) const;
    std::string words_in(const boost::json::value& envelope) const;
    std::string printable(std::string text) const;

    Access access_;
};

/// Why the API cannot be asked at all, e.g. no token; with the name of the option. Errors: invalid_input.
Result<void> check(const Access& access);

/// How long an answer with status 429 asks to wait; a second when it does not say.
std::chrono::seconds asked_pause(const client::Reply& reply);

}  // namespace bb::dns
