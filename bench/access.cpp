// What the middleware costs a request, in CPU time of the whole process, with the program's own parts:
// everything that stands between a parsed head and the handler, and between the handler and the socket, and
// the line in the log.
//
//   bench_access CONNINFO COOKIE 2>/dev/null      (a database with a session; the session's "name=value")
//
// Prints one line of JSON, in microseconds a request: medians of several rounds.
#include <time.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/http/service.hpp"
#include "features/accounts/session_cache.hpp"
#include "services/access/origin.hpp"
#include "services/access/request_limits.hpp"

using namespace bb;

namespace {

constexpr int rounds = 9;
constexpr int requests = 20'000;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Task<Result<http::Response>> handler(http::Request& request) {
    co_return http::json_response(R"({"threads":[],"next":null,"for":")" + request.path + "\"}");
}

/// As a browser sends it to change something: a request that every check applies to.
http::Request request_with(const std::string& cookie, const std::string& target) {
    http::Request request;
    request.method = http::Method::post;
    request.target = target;
    request.headers = {
        {"host", "127.0.0.1:3000"},
        {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
        {"accept", "application/json"},
        {"accept-encoding", "gzip, deflate, br"},
        {"origin", "http://127.0.0.1:3000"},
        {"sec-fetch-site", "same-origin"},
        {"cookie", cookie}};
    return request;
}

struct Bench {
    explicit Bench(const std::string& conninfo)
        : db(loop.get_executor(), options_of(conninfo)), sessions(db) {
        sessions.set_trusted(true);
        http::RouteOptions open;
        open.access = http::Access::open;
        router.post("/api/closed", handler, {});
        router.post("/api/open", handler, open);
    }

    static db::Options options_of(const std::string& conninfo) {
        db::Options options;
        options.conninfo = conninfo;
        return options;
    }

    /// The hooks of app/parts.cpp.
    http::Hooks hooks() {
        http::Hooks hooks;
        hooks.authenticate = [this](const http::Request& request) {
            return sessions.authenticate(request);
        };
        hooks.refuse_origin = [](const http::Request& request) {
            return access::refuse_origin(request, "http://localhost:3000");
        };
        hooks.limit = [this](http::Request& request, const http::Route& route) {
            return limits.refuse(request, route);
        };
        return hooks;
    }

    boost::asio::io_context loop{1};
    db::Database db;
    accounts::SessionCache sessions;
    metrics::Registry metrics;
    access::RequestLimits limits{access::rates_of("person=1000000+1000000/s,network=1000000+1000000/s"),
                                 metrics};
    http::Router router;
};

double middle(std::vector<double> figures) {
    std::sort(figures.begin(), figures.end());
    return figures[figures.size() / 2];
}

/// One request on its way through the middleware. Throws when it is not answered with 200.
Task<void> serve(http::Service& service, http::Request request, const http::Service::Peer& peer) {
    service.identify(request, peer);
    const auto plan = service.plan(request);
    auto answer = co_await service.admit(request, plan);
    if (!answer) answer = co_await service.handle(request, plan);
    service.record(request, plan, answer->status, 0.001);
    if (answer->status != 200) throw std::runtime_error("a request of the measurement was refused");
}

/// The same with nothing in between.
Task<void> serve_bare(http::Request request) {
    request.path = request.target;
    auto answer = co_await handler(request);
    if (answer->status != 200) throw std::runtime_error("the handler failed");
}

/// Microseconds of `work` a call.
template <class Work>
Task<double> cost(Work work) {
    const double began = cpu_seconds();
    for (int i = 0; i < requests; ++i) co_await work();
    co_return (cpu_seconds() - began) / requests * 1e6;
}

Task<void> measure(Bench& bench, std::string cookie) {
    if (!co_await bench.db.wait_ready(std::chrono::seconds(10))) throw std::runtime_error("no database");
    http::Service service(bench.router, bench.hooks(), {}, bench.metrics);
    const http::Service::Peer peer{"127.0.0.1", true, false};
    // Both look alike but for the session: the open route has none to check.
    auto other = cookie;
    other[0] = 'x';
    const auto closed = request_with(cookie, "/api/closed");
    const auto open = request_with(other, "/api/open");
    auto serve_closed = [&] {
        return serve(service, closed, peer);
    };
    auto serve_open = [&] {
        return serve(service, open, peer);
    };
    auto bare = [&] {
        return serve_bare(closed);
    };
    auto check = [&]() -> Task<void> {
        if (!co_await bench.sessions.authenticate(closed))
            throw std::runtime_error("the session is not known");
    };
    std::vector<double> all, session, alone, without;
    for (int round = -1; round < rounds; ++round) {
        const double floor = co_await cost(bare);
        const double with = co_await cost(serve_closed);
        const double unchecked = co_await cost(serve_open);
        const double checks = co_await cost(check);
        if (round < 0) continue;  // warms up
        all.push_back(with - floor);
        session.push_back(with - unchecked);
        alone.push_back(checks);
        without.push_back(unchecked - floor);
    }
    std::printf("{\"middleware\":%.2f,\"session\":%.2f,\"sessionAlone\":%.2f,\"withoutSession\":%.2f}\n",
                middle(all), middle(session), middle(alone), middle(without));
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return std::fputs("usage: bench_access CONNINFO COOKIE\n", stderr), 2;
    crypto::initialize();
    log::start(log::Level::info, log::Format::json);
    Bench bench(words[1]);
    bench.db.start();
    bool failed = false;
    boost::asio::co_spawn(bench.loop, measure(bench, words[2]), [&](std::exception_ptr error) {
        failed = error != nullptr;
        try {
            if (error) std::rethrow_exception(error);
        } catch (const std::exception& why) {
            std::printf("%s\n", why.what());
        }
        bench.loop.stop();
    });
    bench.loop.run();
    log::stop();
    std::fflush(stdout);
    std::_Exit(failed ? 1 : 0);
}
