#pragma once
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>

#include "base/client/http_client.hpp"

namespace bb::client {

/// Whether this address and port may be connected to.
using MayConnect = std::function<bool(const boost::asio::ip::address& address, int port)>;

/// HTTP/1.1 to servers that strangers name. Each address is asked about where the connection to it is made,
/// of whatever name or number, so that what answers is what was allowed: there is no proxy, and no connection
/// is used twice or shared with an HttpClient. Takes bodies packed once, with gzip or deflate, and unpacks
/// them; `max_bytes` of a request is of what comes out. One object per loop; use it only there.
class GuardedClient {
public:
    /// `ca_file`: as HttpClient's.
    explicit GuardedClient(Executor executor, std::string ca_file = {});
    /// Transfers under way end as aborted.
    ~GuardedClient();
    GuardedClient(const GuardedClient&) = delete;

    /// As HttpClient::stream(), past this guard. Throws std::logic_error without one.
    Task<Reply> stream(Outgoing request, MayConnect guard, Sink sink, std::shared_ptr<Abort> abort);

private:
    std::shared_ptr<class Multi> multi_;
};

}  // namespace bb::client
