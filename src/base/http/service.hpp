#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/core/metrics.hpp"
#include "base/http/refused.hpp"
#include "base/http/router.hpp"
#include "base/net/address.hpp"

namespace bb::http {

/// What the middleware needs from outside. Each may be empty.
struct Hooks {
    /// What is answered instead of everything else; nothing: go on.
    std::function<std::optional<Response>(const Request&)> closed;
    /// Who is asking. A request that bears an API key (Request::bearer) is its person's or nobody's, whatever
    /// cookie came along. May throw db::Unavailable.
    std::function<Task<std::optional<Principal>>(const Request&)> authenticate;
    /// Whether an unsafe request may come from where it says it comes from; a sentence when not.
    std::function<std::optional<std::string>(const Request&)> refuse_origin;
    /// Whether the one who asks (the person, or the network of who is not signed in) asks too often: then the
    /// answer. Told of every admitted route but the probes.
    std::function<std::optional<Response>(Request&, const Route&)> limit;
    /// Carries out a `repeatable` route whose request has an Idempotency-Key.
    std::function<Task<Result<Response>>(Request&, const Route&)> carry_out_once;
    /// Answers what no route matches, for pages.
    std::function<Response(const Request&)> fallback;
    /// Packs a long answer with gzip, elsewhere than on the loop.
    std::function<Task<std::string>(const std::string&)> pack;
    /// True for exceptions that mean "the database is away for a moment" (503) rather than a bug (500).
    std::function<bool(const std::exception&)> is_temporary;
    /// Told of every answered request but the probes.
    std::function<void(const Request&, std::string_view route, int status, double seconds)> answered;
};

struct ServiceOptions {
    std::string content_security_policy;
    bool public_https = false;  // the public origin is https: send Strict-Transport-Security
    net::NetworkList trusted_proxies;
    std::size_t max_in_flight = 512;  // requests of this loop; beyond: 503
};

/// The middleware in one ordered list: addresses and request id, route, saturation, session, rate limit,
/// access, origin; the body is read; handler, problem, security headers, compression; then log line and
/// metrics. One per loop.
class Service {
public:
    Service(Router& router, Hooks hooks, ServiceOptions options, metrics::Registry& metrics);

    /// The route of a parsed head, to know the body's bound before it is read. Fills path, query, params.
    struct Plan {
        const Route* route = nullptr;
        std::string_view template_name;  // for metrics: the pattern, or "unmatched"
        std::optional<Error> refusal;
        std::vector<Method> allowed;
    };
    Plan plan(Request& request) const;
    std::size_t body_limit(const Plan& plan) const;

    /// Who is at the other end of a connection, found out once.
    struct Peer {
        std::string text;  // the address; IPv4 also where it came mapped into IPv6
        bool loopback = false;
        bool trusted = false;  // a proxy of ours, whose forwarding headers are believed
        bool secure = false;   // TLS ends in this program
    };
    Peer peer_of(const boost::asio::ip::address& address) const;

    /// Fills peer, secure, loopback and id from the connection and the request's headers.
    void identify(Request& request, const Peer& peer) const;
    /// What can be answered before the body is read: refusals, and what no route matches. nullopt: go on to
    /// handle(). Never throws.
    Task<std::optional<Response>> admit(Request& request, const Plan& plan);
    /// Runs the handler of an admitted request. Never throws.
    Task<Response> handle(Request& request, const Plan& plan);
    /// Headers and compression for a response that is made outside handle() (a request that could not be
    /// read).
    void finish(const Request& request, Response& response) const;
    /// finish(), and packs what is too long for the loop.
    Task<void> finish_long(const Request& request, Response& response) const;
    /// Log line and metrics; `seconds` from the first byte to the response.
    void record(const Request& request, const Plan& plan, int status, double seconds);

    Response refuse(int status, std::string detail, const std::string& request_id) const;

private:
    Task<std::optional<Response>> check(Request& request, const Plan& plan);
    /// The handler, or what makes it happen once.
    Task<Result<Response>> carry_out(Request& request, const Route& route);
    std::optional<Error> check_access(const Request& request, const Route& route) const;
    /// Why a request that changes something comes from a page of another site, or nullopt.
    std::optional<std::string> other_site(const Request& request) const;
    std::optional<Response> without_route(const Request& request, const Plan& plan) const;
    Response busy(const Request& request) const;
    Response refuse_bad_key(const Request& request) const;
    /// The answer for the exception that is being handled.
    Response answer_for_exception(const Request& request, const Plan& plan) const;

    struct RouteMetrics {
        std::vector<std::pair<int, metrics::Counter>> by_status;
        std::optional<metrics::Histogram> seconds;
    };
    /// The route in metrics: its template, or "maintenance" for who was asked to come back later.
    static std::string_view counted_as(const Request& request, const Plan& plan);
    RouteMetrics& metrics_of(const Request& request, const Plan& plan);
    metrics::Counter& counter_of(RouteMetrics& known, const Request& request, const Plan& plan, int status);

    Router& router_;
    Hooks hooks_;
    ServiceOptions options_;
    metrics::Registry& metrics_;
    std::map<std::pair<std::string_view, Method>, RouteMetrics> route_metrics_;
    Refused refused_;
    std::string common_headers_;
    std::size_t in_flight_ = 0;
};

}  // namespace bb::http
