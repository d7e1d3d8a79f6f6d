#include "base/client/exchange.hpp"

#include <boost/asio/co_spawn.hpp>

namespace bb::client {

Reply exchange(Outgoing request, std::string ca_file) {
    boost::asio::io_context loop(1);
    HttpClient http(loop.get_executor(), std::move(ca_file));
    Reply reply;
    auto work = [&]() -> Task<void> {
        reply = co_await http.send(std::move(request));
    };
    boost::asio::co_spawn(loop, work(), [&](std::exception_ptr) { loop.stop(); });
    loop.run();
    return reply;
}

}  // namespace bb::client
