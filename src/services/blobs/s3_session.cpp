#include "services/blobs/s3_session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>

namespace bb::blobs {
namespace {

constexpr std::chrono::milliseconds between_looks{400};

}  // namespace

S3Session::S3Session(client::S3Options options, std::string ca_file)
    : http_(loop_.get_executor(), std::move(ca_file)), client_(http_, std::move(options)) {}

void S3Session::fail(const Error& error) {
    if (error.code == ErrorCode::unavailable) throw Away(error.detail);
    if (error.code == ErrorCode::not_found) throw Absent(error.detail);
    throw std::runtime_error(error.detail);
}

void S3Session::run(Task<void> work, const std::function<void()>& watch) {
    std::exception_ptr fault, given_up;
    bool over = false;
    boost::asio::cancellation_signal stop;
    auto ended = [&](std::exception_ptr thrown) {
        fault = thrown;
        over = true;
        loop_.stop();
    };
    boost::asio::co_spawn(loop_, std::move(work),
                          boost::asio::bind_cancellation_slot(stop.slot(), std::move(ended)));
    while (!over) {
        loop_.restart();
        loop_.run_for(between_looks);
        if (over || given_up) continue;
        try {
            watch();
        } catch (...) {
            given_up = std::current_exception();
            stop.emit(boost::asio::cancellation_type::terminal);
        }
    }
    if (given_up) std::rethrow_exception(given_up);
    if (fault) std::rethrow_exception(fault);
}

}  // namespace bb::blobs
