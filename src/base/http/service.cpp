#include "base/http/service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/crypto.hpp"
#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "base/http/gzip.hpp"
#include "base/http/scope.hpp"
#include "base/http/shortage.hpp"
#include "base/http/target.hpp"

namespace bb::http {
namespace {

constexpr std::size_t compress_from = 1024;  // bytes of JSON
// Longer ones would hold up the loop.
constexpr std::size_t compress_to = 256 * 1024;

/// Where nothing but GET and POST comes through, a POST says what it means (tus 1.0.0).
void take_meant_method(Request& request) {
    if (request.method != Method::post) return;
    const auto meant = request.header("x-http-method-override");
    for (const Method method : {Method::patch, Method::del})
        if (meant == name_of(method)) request.method = method;
}

bool is_unsafe(Method method) {
    return method != Method::get && method != Method::head && method != Method::options;
}

std::string allowed_list(const std::vector<Method>& methods) {
    std::string out;
    for (const Method method : methods) {
        out += fmt::format("{}{}", out.empty() ? "" : ", ", name_of(method));
        if (method == Method::get) out += ", HEAD";
    }
    return out;
}

/// All values of a list field in the order they came, as if they stood in one line (RFC 9110, 5.3).
std::string joined(const Request& request, std::string_view name) {
    std::string out;
    for (const auto& [key, value] : request.headers)
        if (key == name) out += (out.empty() ? "" : ",") + value;
    return out;
}

/// The value of a field that may stand there once; empty when there are several.
std::string_view only(const Request& request, std::string_view name) {
    std::string_view found;
    int count = 0;
    for (const auto& [key, value] : request.headers)
        if (key == name && ++count == 1) found = value;
    return count == 1 ? found : std::string_view();
}

std::string common_headers(const ServiceOptions& options) {
    std::string out =
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n"
        "Referrer-Policy: strict-origin-when-cross-origin\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Cross-Origin-Embedder-Policy: require-corp\r\n"
        "Permissions-Policy: accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), "
        "display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()\r\n";
    if (!options.content_security_policy.empty())
        out += "Content-Security-Policy: " + options.content_security_policy + "\r\n";
    if (options.public_https) out += "Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n";
    return out;
}

/// Counts a request while it is handled.
struct InFlight {
    explicit InFlight(std::size_t& count) : count(count) { ++count; }
    ~InFlight() { --count; }
    InFlight(const InFlight&) = delete;
    std::size_t& count;
};

bool has_forwarding_header(const Request& request) {
    constexpr std::string_view names[] = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
                                          "forwarded",       "x-real-ip",         "via"};
    return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& field) {
        return std::find(std::begin(names), std::end(names), field.first) != std::end(names);
    });
}

/// 16 characters of 6 random bits each.
std::string request_id() {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string id(16, '\0');
    crypto::random_fill(id.data(), id.size());
    for (char& c : id) c = digits[static_cast<unsigned char>(c) & 63];
    return id;
}

bool is_json(const Response& response) {
    for (const auto& [name, value] : response.headers)
        if (name == "Content-Type") return value.find("json") != std::string::npos;
    return false;
}

bool has_header(const Response& response, std::string_view wanted) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [&](const auto& field) { return field.first == wanted; });
}

/// Probes and scrapes would drown everything else.
bool is_probe(std::string_view pattern) {
    return pattern == "/livez" || pattern == "/readyz" || pattern == "/api/health" ||
           pattern == "/api/metrics";
}

}  // namespace

Service::Service(Router& router, Hooks hooks, ServiceOptions options, metrics::Registry& metrics)
    : router_(router),
      hooks_(std::move(hooks)),
      options_(std::move(options)),
      metrics_(metrics),
      refused_(metrics),
      common_headers_(common_headers(options_)) {}

Service::Plan Service::plan(Request& request) const {
    Plan plan;
    plan.template_name = "unmatched";
    plan.refusal = split_target(request);
    if (plan.refusal) return plan;
    take_meant_method(request);
    auto match = router_.match(request);
    plan.route = match.route;
    plan.allowed = std::move(match.allowed);
    if (plan.route)
        plan.template_name = plan.route->pattern;
    else if (request.path.compare(0, 5, "/api/") != 0)
        plan.template_name = "page";
    return plan;
}

std::size_t Service::body_limit(const Plan& plan) const {
    return plan.route ? plan.route->options.body_limit : 64 * 1024;
}

Service::Peer Service::peer_of(const boost::asio::ip::address& address) const {
    namespace ip = boost::asio::ip;
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    const ip::address plain =
        mapped ? ip::address(ip::make_address_v4(ip::v4_mapped, address.to_v6())) : address;
    return {plain.to_string(), plain.is_loopback(), options_.trusted_proxies.contains(plain)};
}

void Service::identify(Request& request, const Peer& peer) const {
    request.id = request_id();
    request.trace = begin_trace(only(request, "traceparent"));
    request.peer = peer.text;
    request.loopback = peer.loopback && !peer.trusted && !has_forwarding_header(request);
    request.secure = peer.secure;
    if (!peer.trusted) return;
    request.secure = peer.secure || request.header("x-forwarded-proto") == "https";
    // The rightmost address that is not one of our proxies is the one a proxy of ours saw.
    const std::string forwarded = joined(request, "x-forwarded-for");
    std::string_view rest = forwarded;
    while (!rest.empty()) {
        const auto comma = rest.rfind(',');
        const std::string_view last =
            utf8::trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
        boost::system::error_code failed;
        const auto address = boost::asio::ip::make_address(std::string(last), failed);
        if (failed) break;
        request.peer = address.to_string();
        if (!options_.trusted_proxies.contains(address) || comma == std::string_view::npos) break;
        rest = rest.substr(0, comma);
    }
}

/// A page of another site can make a browser send its cookies, but not a key.
std::optional<std::string> Service::other_site(const Request& request) const {
    if (!is_unsafe(request.method) || request.bearer() || !hooks_.refuse_origin) return std::nullopt;
    return hooks_.refuse_origin(request);
}

std::optional<Error> Service::check_access(const Request& request, const Route& route) const {
    const Access access = route.options.access;
    if (access != Access::open && !request.principal)
        return Error(ErrorCode::unauthenticated, "Sign in to do this.");
    if (access == Access::administrator && request.principal->role != "administrator")
        return Error(ErrorCode::forbidden, "Only an administrator may do this.");
    if (auto refused = refuse_key(request, route)) return refused;
    if (auto reason = other_site(request)) return Error(ErrorCode::forbidden, *reason);
    return std::nullopt;
}

std::optional<Response> Service::without_route(const Request& request, const Plan& plan) const {
    if (plan.refusal) return problem(*plan.refusal, request.id);
    if (plan.route) return std::nullopt;
    if (!plan.allowed.empty()) {
        Response response = problem(
            Error(ErrorCode::method_not_allowed, "This address does not take this method."), request.id);
        response.header("Allow", allowed_list(plan.allowed));
        return response;
    }
    if (hooks_.fallback) return hooks_.fallback(request);
    return problem(Error(ErrorCode::not_found, "There is nothing at this address."), request.id);
}

Response Service::busy(const Request& request) const {
    Response response = refuse(503, "The server is busy; try again in a moment.", request.id);
    response.header("Retry-After", "1");
    return response;
}

Response Service::refuse_bad_key(const Request& request) const {
    Response response = problem(Error(ErrorCode::unauthenticated,
                                      "This API key is wrong, has expired or was revoked. Make a new one in "
                                      "the settings, and send it as \"Authorization: Bearer bb_...\"."),
                                request.id);
    response.header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return response;
}

Task<std::optional<Response>> Service::check(Request& request, const Plan& plan) {
    if (hooks_.closed)
        if (auto answer = hooks_.closed(request)) {
            request.put_off = true;
            co_return answer;
        }
    if (auto answer = without_route(request, plan)) co_return answer;
    const bool probe = is_probe(plan.route->pattern);
    if (in_flight_ >= options_.max_in_flight && !probe) co_return busy(request);
    // Probes must not wait for a database, or fail with it; only a person who looks at them is asked for.
    const bool bears_key = request.bearer().has_value();
    const bool names_somebody = bears_key || !request.cookie("brainbytes_session").empty() ||
                                !request.cookie("__Host-brainbytes_session").empty();
    const bool asks = plan.route->options.access != Access::open || names_somebody;
    if (asks && hooks_.authenticate) {
        try {
            request.principal = co_await hooks_.authenticate(request);
        } catch (const std::exception&) {
            if (!probe) throw;
        }
    }
    if (!probe && hooks_.limit)
        if (auto refused = hooks_.limit(request, *plan.route)) co_return refused;
    if (bears_key && !request.principal && !probe) co_return refuse_bad_key(request);
    if (const auto refused = check_access(request, *plan.route)) co_return problem(*refused, request.id);
    co_return std::nullopt;
}

Response Service::answer_for_exception(const Request& request, const Plan& plan) const {
    std::string reason = "unknown";
    std::optional<Error> put_off;
    try {
        throw;
    } catch (const std::exception& failure) {
        reason = failure.what();
        put_off = shortage(failure);
        if (!put_off && hooks_.is_temporary && hooks_.is_temporary(failure))
            put_off = Error(ErrorCode::unavailable,
                            "Something that this needs is away for a moment; try again.", {}, 2);
    } catch (...) {
    }
    log::write(put_off ? log::Level::warn : log::Level::error, put_off ? "request put off" : "request failed",
               {{"id", request.id}, {"route", plan.template_name}, {"reason", reason}});
    if (put_off) return problem(*put_off, request.id);
    return refuse(500, "Something went wrong on our side. Tell your administrator this request id.",
                  request.id);
}

Task<std::optional<Response>> Service::admit(Request& request, const Plan& plan) {
    std::optional<Response> answer;
    try {
        answer = co_await check(request, plan);
    } catch (...) {
        answer = answer_for_exception(request, plan);
    }
    if (answer) finish(request, *answer);
    co_return answer;
}

Task<Result<Response>> Service::carry_out(Request& request, const Route& route) {
    const bool once =
        route.options.repeatable && hooks_.carry_out_once && !request.header("idempotency-key").empty();
    return once ? hooks_.carry_out_once(request, route) : route.handler(request);
}

Task<Response> Service::handle(Request& request, const Plan& plan) {
    Response response;
    if (in_flight_ >= options_.max_in_flight && !is_probe(plan.route->pattern)) {
        response = busy(request);
        finish(request, response);
        co_return response;
    }
    const InFlight counted(in_flight_);
    try {
        auto result = co_await carry_out(request, *plan.route);
        response = result ? std::move(*result) : problem(result.error(), request.id);
    } catch (...) {
        response = answer_for_exception(request, plan);
    }
    co_await finish_long(request, response);
    co_return response;
}

Task<void> Service::finish_long(const Request& request, Response& response) const {
    const bool packs = hooks_.pack && response.body.size() > compress_to && is_json(response) &&
                       !has_header(response, "Content-Encoding") &&
                       accepts_coding(request.header("accept-encoding"), "gzip");
    if (packs) {
        try {
            response.body = co_await hooks_.pack(response.body);
            response.header("Content-Encoding", "gzip");
        } catch (const std::exception& failure) {
            log::warn("answer not packed", {{"id", request.id}, {"reason", failure.what()}});
        }
    }
    finish(request, response);
}

Response Service::refuse(int status, std::string detail, const std::string& request_id) const {
    return problem_of(status, detail, request_id);
}

void Service::finish(const Request& request, Response& response) const {
    response.common_headers = common_headers_;
    response.header("X-Request-Id", request.id);
    for (const auto& [name, value] : request.answer_headers) response.header(std::string(name), value);
    // What says nothing else may be about a person: nobody on the way keeps it, nor does the browser.
    if (!has_header(response, "Cache-Control")) response.header("Cache-Control", "no-store");
    if (response.body.size() <= compress_from || !is_json(response)) return;
    response.header("Vary", "Accept-Encoding");
    if (response.body.size() > compress_to || has_header(response, "Content-Encoding")) return;
    if (!accepts_coding(request.header("accept-encoding"), "gzip")) return;
    response.body = gzip(response.body);
    response.header("Content-Encoding", "gzip");
}

std::string_view Service::counted_as(const Request& request, const Plan& plan) {
    return request.put_off ? "maintenance" : plan.template_name;
}

Service::RouteMetrics& Service::metrics_of(const Request& request, const Plan& plan) {
    const auto route = counted_as(request, plan);
    auto& known = route_metrics_[{route, request.method}];
    if (known.seconds) return known;
    const metrics::Labels labels{{"method", std::string(name_of(request.method))},
                                 {"route", std::string(route)}};
    known.seconds = metrics_.histogram("brainbytes_http_request_duration_seconds",
                                       "Time from the first byte of a request to its response's header",
                                       metrics::latency_buckets(), labels);
    return known;
}

metrics::Counter& Service::counter_of(RouteMetrics& known, const Request& request, const Plan& plan,
                                      int status) {
    for (auto& [counted, counter] : known.by_status)
        if (counted == status) return counter;
    const metrics::Labels labels{{"method", std::string(name_of(request.method))},
                                 {"route", std::string(counted_as(request, plan))},
                                 {"status", std::to_string(status)}};
    auto counter = metrics_.counter("brainbytes_http_requests_total", "Requests answered", labels);
    return known.by_status.emplace_back(status, std::move(counter)).second;
}

void Service::record(const Request& request, const Plan& plan, int status, double seconds) {
    RouteMetrics& known = metrics_of(request, plan);
    known.seconds->observe(seconds, request.trace.trace_id);
    counter_of(known, request, plan, status).add();
    const bool probe = is_probe(plan.template_name);
    if (!probe && hooks_.answered) hooks_.answered(request, plan.template_name, status, seconds);
    if (status >= 400) refused_.count(request, status, status == 403 && other_site(request));
    const auto level = probe ? log::Level::debug : log::Level::info;
    if (!log::enabled(level)) return;
    const std::string user = request.principal ? request.principal->user.text() : "";
    const std::string key =
        request.principal && request.principal->key ? request.principal->key->id.text() : "";
    log::write(level, "request",
               {{"id", request.id},
                {"method", name_of(request.method)},
                {"route", plan.template_name},
                {"status", status},
                {"ms", static_cast<double>(static_cast<std::int64_t>(seconds * 1e5)) / 100},
                {"user", user},
                {"key", key},
                {"traceId", request.trace.trace_id}});
}

}  // namespace bb::http
