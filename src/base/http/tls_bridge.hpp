#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/http/server_impl.hpp"

namespace bb::http {

/// Shakes hands on a new connection and serves it: the session works on one end of a socket pair, this passes
/// bytes between the other end and the TLS connection. Sessions and streams so stay what they are without
/// TLS, at the cost of one copy more.
void serve_tls(std::shared_ptr<Server::Impl> server, TcpSocket socket,
               std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace bb::http
