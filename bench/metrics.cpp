// What the metrics of one request cost, in CPU time of the whole process: the calls that a request makes when
// it is answered, a million times, with no log, as a person and with an API key in turn.
//
//   bench_metrics
//
// Prints one line of JSON, in microseconds a request: the median of several rounds.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/http/service.hpp"
#include "features/accounts/sign_in_counts.hpp"

using namespace bb;

namespace {

constexpr int rounds = 5;
constexpr int requests = 1'000'000;
constexpr int routes = 100;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Task<Result<http::Response>> handler(http::Request&) {
    co_return http::no_content();
}

}  // namespace

int main() {
    crypto::initialize();
    log::start(log::Level::error, log::Format::json);
    metrics::Registry registry;
    http::Router router;
    std::vector<std::string> paths;
    for (int i = 0; i < routes; ++i) paths.push_back("/api/route" + std::to_string(i) + "/{id}");
    for (const auto& path : paths) router.get(path, handler, {});
    http::Service service(router, {}, {}, registry);
    accounts::SignInCounts sign_ins(registry);
    http::Request request;
    request.method = http::Method::get;
    request.id = "ABCDEFGHIJKLMNOP";
    std::vector<http::Service::Plan> plans(routes);
    for (int i = 0; i < routes; ++i)
        plans[static_cast<std::size_t>(i)].template_name = paths[static_cast<std::size_t>(i)];
    std::vector<double> costs;
    for (int round = -1; round < rounds; ++round) {
        const double began = cpu_seconds();
        for (int i = 0; i < requests; ++i) {
            const int status = i % 50 == 0 ? 429 : i % 10 == 0 ? 304 : 200;
            service.record(request, plans[static_cast<std::size_t>(i % routes)], status, 0.0001 * (i % 100));
            if (i % 2 == 0) sign_ins.count("key", accounts::SignInCounts::succeeded);
        }
        if (round >= 0) costs.push_back((cpu_seconds() - began) / requests * 1e6);  // the first warms up
    }
    std::sort(costs.begin(), costs.end());
    std::printf("{\"microseconds\":%.3f}\n", costs[costs.size() / 2]);
    log::stop();
}
