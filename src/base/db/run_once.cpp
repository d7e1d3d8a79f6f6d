#include "base/db/run_once.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

namespace bb::db {
namespace {

constexpr std::chrono::seconds connect_limit{10};

}  // namespace

void run_once(const std::string& conninfo, const std::function<Task<void>(Database&)>& work) {
    boost::asio::io_context loop(1);
    Options options;
    options.conninfo = conninfo;
    std::exception_ptr thrown;
    {
        Database database(loop.get_executor(), options);
        database.start();
        auto body = [&]() -> Task<void> {
            if (!co_await database.wait_ready(connect_limit))
                throw Unavailable("The database does not answer.");
            co_await work(database);
        };
        boost::asio::co_spawn(loop, body(), [&](std::exception_ptr failure) {
            thrown = failure;
            loop.stop();
        });
        loop.run();
    }
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace bb::db
