#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bb {

/// The one executor type: everything runs on the event loop (thread) that owns it.
using Executor = boost::asio::io_context::executor_type;

/// The one coroutine type. Await it on the loop that owns the objects it touches.
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

/// Completion tokens: throw on error, or return (error_code, value) as a tuple.
inline constexpr boost::asio::use_awaitable_t<Executor> use_task{};
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> use_task_tuple{
    boost::asio::use_awaitable_t<Executor>{}};

}  // namespace bb
