#pragma once
#include <boost/system/result.hpp>
#include <chrono>
#include <stop_token>
#include <string>

#include "base/client/guarded_client.hpp"
#include "base/core/task.hpp"
#include "services/fetch/guard.hpp"

namespace bb::fetch {

/// Why a page did not come.
enum class Fault {
    unreachable,  ///< name unknown, no connection, a certificate that is not trusted, a broken answer
    forbidden,    ///< it leads to where the guard allows nothing
    missing,      ///< the site has no such page (404, 410)
    refused,      ///< another status than 200, or packed in a way that was not asked for
    redirects,    ///< too many, or one without an address that can be used
    too_large,
    too_slow,
    aborted,  ///< ended from this side
};

/// `words`: for the operator's log. They may name the host, and hold nothing else of the address or the
/// answer.
struct Unfetched {
    Fault fault = Fault::unreachable;
    std::string words;
};

[[noreturn]] void throw_exception_from_error(const Unfetched& failure, const boost::source_location& where);

template <class T>
using Fetched = boost::system::result<T, Unfetched>;

/// What came for an address.
struct Page {
    std::string url;   ///< where it was found at last
    std::string type;  ///< of the header Content-Type, in lower case, without parameters
    std::string charset;
    std::string body;
};

struct Limits {
    std::size_t bytes = 20u << 20;  ///< of the body, unpacked
    std::chrono::milliseconds time{20'000};
    std::chrono::milliseconds connect{8'000};
    int redirects = 5;
};

/// Fetches pages that people name: without cookies, keys or a proxy, and past no guard.
class Fetcher {
public:
    /// `ca_file`: of the client. `agent`: what a site is told of who asks.
    Fetcher(Executor executor, std::string ca_file, Guard guard, std::string agent, Limits limits = {})
        : http_(std::move(executor), std::move(ca_file)),
          guard_(std::move(guard)),
          agent_(std::move(agent)),
          limits_(limits) {}

    /// The page that an address leads to, through redirects, each of which is checked like the first.
    Task<Fetched<Page>> fetch(std::string url, std::stop_token stop = {});
    const Guard& guard() const { return guard_; }

private:
    /// What came for one address: the page, or where it is to be found.
    struct Step {
        Page page;
        std::string location;
    };
    Task<Fetched<Step>> step(client::WebAddress address, std::chrono::milliseconds left,
                             std::shared_ptr<client::Abort> abort);
    client::Outgoing request_of(const client::WebAddress& address, std::chrono::milliseconds left) const;

    client::GuardedClient http_;
    Guard guard_;
    std::string agent_;
    Limits limits_;
};

}  // namespace bb::fetch
