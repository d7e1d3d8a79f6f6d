#include "app/health.hpp"

#include <unistd.h>

#include <embedded/version.hpp>
#include <fstream>

#include "app/schemas.hpp"
#include "base/core/crypto.hpp"
#include "base/core/json_writer.hpp"
#include "base/net/tls.hpp"

namespace bb::app {
namespace {

using http::Access;
using http::Request;
using http::Response;

struct State {
    bool database;
    std::string model;  // "available", "degraded", "unavailable" or "not configured"
    bool schema;        // one that this program runs on
    bool draining;

    bool usable() const { return database && schema; }
    bool healthy() const { return usable() && (model == "available" || model == "not configured"); }
    /// A model that fails leaves materials, search and history working: degraded, never down.
    std::string_view status() const { return !usable() ? "unhealthy" : healthy() ? "healthy" : "degraded"; }
};

State state_of(const HealthParts& parts) {
    return {parts.db.ready(), parts.provider ? parts.provider->state() : "not configured",
            parts.node.schema_fits, parts.node.draining};
}

double uptime(const Node& node) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - node.started).count();
}

/// True when the request carries METRICS_TOKEN.
bool has_token(const Request& request, const Node& node) {
    const std::string& token = node.config.text("METRICS_TOKEN");
    const std::string_view given = request.header("authorization");
    return !token.empty() && given.substr(0, 7) == "Bearer " && crypto::equal(given.substr(7), token);
}

/// Details are for people on the machine itself, for administrators, and for who may read the metrics.
bool may_see_details(const Request& request, const Node& node) {
    const bool administrator = request.principal && request.principal->role == "administrator";
    return request.loopback || administrator || has_token(request, node);
}

std::string plan_json(const HealthParts& parts, const State& state, bool details) {
    JsonWriter json;
    json.object()
        .field("status", state.status())
        .field("timestamp", now())
        .field("version", embedded::version);
    json.key("services").object();
    json.field("database", state.database ? "connected" : "disconnected").field("openai", state.model);
    json.field("auth", state.usable() ? "operational" : "unavailable").end();
    if (details) {
        json.key("details")
            .object()
            .field("commit", embedded::commit)
            .field("uptimeSeconds", uptime(parts.node));
        json.field("draining", state.draining).field("schema", parts.node.schema.load());
        json.field("statementsInFlight", std::uint64_t(parts.db.load().statements));
        json.field("embeddings", parts.embedder ? parts.embedder->state() : "not configured");
        if (parts.embedder) json.field("passagesWaiting", parts.node.passages_waiting.load());
        json.field("notifications", parts.node.hears_notifications.load()).end();
    }
    json.end();
    return json.take();
}

/// Milliseconds that the database takes to answer; nothing when it does not.
Task<std::optional<double>> round_trip(db::Database& db) {
    const auto asked = std::chrono::steady_clock::now();
    try {
        co_await db.query("SELECT 1");
    } catch (const std::exception&) {
        co_return std::nullopt;
    }
    co_return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - asked).count();
}

/// draft-inadarei-api-health-check-06. `answered`: as round_trip() gives it.
std::string draft_json(const State& state, bool details, std::optional<double> answered) {
    const auto word = [](bool good, bool fatal) {
        return good ? "pass" : fatal ? "fail" : "warn";
    };
    const bool model_good = state.model == "available" || state.model == "not configured";
    JsonWriter json;
    json.object().field("status", word(state.healthy(), !state.usable())).field("version", embedded::version);
    json.field("serviceId", "brainbytes");
    if (!details) {
        json.end();
        return json.take();
    }
    json.field("releaseId", embedded::commit).key("checks").object();
    json.key("postgres:responseTime").array().object().field("componentType", "datastore");
    if (answered) json.field("observedValue", *answered).field("observedUnit", "ms");
    json.field("status", word(state.usable(), true)).field("time", now()).end().end();
    json.key("model:calls").array().object().field("componentType", "component");
    json.field("observedValue", state.model)
        .field("status", word(model_good, false))
        .field("time", now())
        .end()
        .end();
    json.end().end();
    return json.take();
}

Task<Result<Response>> health(const Request& request, const HealthParts& parts) {
    const State state = state_of(parts);
    const int status = state.usable() ? 200 : 503;
    const bool details = may_see_details(request, parts.node);
    if (request.header("accept").find("application/health+json") == std::string_view::npos)
        co_return http::json_response(plan_json(parts, state, details), status);
    std::optional<double> answered;
    if (details && state.database) answered = co_await round_trip(parts.db);
    Response response(status, "application/health+json", draft_json(state, details, answered));
    response.header("Cache-Control", "no-store");
    co_return response;
}

Response ready(const HealthParts& parts) {
    const State state = state_of(parts);
    const bool is_ready = state.usable() && !state.draining;
    const auto reason = state.draining    ? "draining"
                        : !state.database ? "database away"
                                          : "schema does not fit";
    JsonWriter json;
    json.object().field("status", is_ready ? "ready" : reason).end();
    return http::json_response(json.take(), is_ready ? 200 : 503);
}

/// A token that is given must be right, from wherever it comes.
bool may_read_metrics(const Request& request, const Node& node) {
    if (request.header("authorization").empty()) return request.loopback;
    return has_token(request, node);
}

Result<Response> metrics_text(const Request& request, Node& node) {
    if (!may_read_metrics(request, node))
        return Error(ErrorCode::unauthenticated,
                     "Metrics need METRICS_TOKEN as a bearer token, or this machine.");
    const bool open = request.header("accept").find("application/openmetrics-text") != std::string_view::npos;
    Response response(200,
                      open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                           : "text/plain; version=0.0.4; charset=utf-8",
                      open ? node.metrics.open_metrics_text() : node.metrics.prometheus_text());
    response.header("Cache-Control", "no-store");
    return response;
}

/// Resident memory in bytes (proc(5), statm).
double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double pages = 0, resident = 0;
    file >> pages >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double days_until(Time time) {
    return std::chrono::duration<double, std::ratio<86400>>(time - now()).count();
}

void register_gauges(HealthParts parts) {
    auto& metrics = parts.node.metrics;
    metrics.gauge_from("brainbytes_pool_waiting", "Blocking jobs (hashing, files) that wait for a thread",
                       [&node = parts.node]() { return static_cast<double>(node.pool.waiting()); });
    if (parts.embedder) {
        metrics.gauge_from("brainbytes_passages_waiting", "Passages that wait for their vectors",
                           [&node = parts.node]() { return static_cast<double>(node.passages_waiting); });
        metrics.gauge_from("brainbytes_vector_cache_bytes", "Vectors kept in memory for searches",
                           [&node = parts.node]() { return static_cast<double>(node.vectors.bytes()); });
    }
    metrics.gauge_from("process_resident_memory_bytes", "Resident memory of the server", resident_bytes);
    metrics.gauge_from("process_uptime_seconds", "Seconds since the server started",
                       [&node = parts.node]() { return uptime(node); });
    if (const auto tls = parts.node.tls)
        metrics.gauge_from("brainbytes_certificate_days",
                           "Days that the certificate of BRAINBYTES_TLS_CERT is still good",
                           [tls]() { return days_until(tls->expires_at()); });
    metrics
        .gauge("brainbytes_build_info", "Version and commit of the running program",
               {{"version", std::string(embedded::version)}, {"commit", std::string(embedded::commit)}})
        .set(1);
}

template <class Answer>
http::Handler simple(Answer answer) {
    return [answer](Request& request) -> Task<Result<Response>> {
        co_return answer(request);
    };
}

}  // namespace

void bind_health_routes(http::Router& router, HealthParts parts) {
    register_gauges(parts);
    router.get("/livez", simple([](Request&) { return Response(200, "text/plain", "ok\n"); }),
               {Access::open, 0, {"The process runs", "", "", 200}});
    router.get("/readyz", simple([parts](Request&) { return ready(parts); }),
               {Access::open, 0, {"Ready for traffic: database connected, not draining", "", "#Ready", 200}});
    router.get("/api/health", [parts](Request& request) { return health(request, parts); },
               {Access::open, 0, {"State of the service and of what it needs", "", "#Health", 200}});
    router.get("/api/metrics",
               simple([parts](Request& request) { return metrics_text(request, parts.node); }),
               {Access::open, 0, {"Metrics in the Prometheus or OpenMetrics text", "", "", 200}});
    router.get("/api/openapi.json", simple([&router](Request& request) {
                   return http::with_etag(request, http::json_response(http::openapi_document(
                                                       router, embedded::version, api_schemas())));
               }),
               {Access::open, 0, {"This document", "", "", 200}});
}

}  // namespace bb::app
