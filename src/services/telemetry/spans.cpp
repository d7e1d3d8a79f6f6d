#include "services/telemetry/spans.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/core/json_writer.hpp"
#include "base/core/log.hpp"
#include "base/net/timer.hpp"

namespace bb::telemetry {
namespace {

constexpr std::size_t most_waiting = 4096;
constexpr std::size_t most_at_once = 512;
constexpr std::chrono::milliseconds send_every{2'000};

/// Nanoseconds since 1970. 64-bit numbers are strings in OTLP's JSON.
std::string nanoseconds(Time time) {
    return std::to_string(time.time_since_epoch().count()) + "000";
}

void write_text(JsonWriter& json, std::string_view key, std::string_view text) {
    json.object().field("key", key).key("value").object().field("stringValue", text).end().end();
}

void write_attributes(JsonWriter& json, const Span& span) {
    json.key("attributes").array();
    for (const auto& [key, text] : span.texts) write_text(json, key, text);
    for (const auto& [key, number] : span.numbers)
        json.object()
            .field("key", key)
            .key("value")
            .object()
            .field("intValue", std::to_string(number))
            .end()
            .end();
    json.end();
}

void write(JsonWriter& json, const Span& span) {
    const std::chrono::microseconds took(static_cast<std::int64_t>(span.seconds * 1e6));
    json.object().field("traceId", span.trace.trace_id).field("spanId", span.trace.span_id);
    if (!span.trace.parent_id.empty()) json.field("parentSpanId", span.trace.parent_id);
    json.field("flags", span.trace.sampled ? 1 : 0).field("name", span.name);
    json.field("kind", static_cast<int>(span.kind));
    json.field("startTimeUnixNano", nanoseconds(span.end - took))
        .field("endTimeUnixNano", nanoseconds(span.end));
    write_attributes(json, span);
    json.key("status").object();
    if (span.failed) json.field("code", 2);
    json.end().end();
}

}  // namespace

Span request_span(const Trace& trace, std::string_view method, std::string_view route, bool secure,
                  int status, double seconds) {
    Span span;
    span.trace = trace;
    span.name = std::string(method) + ' ' + std::string(route);
    span.end = now();
    span.seconds = seconds;
    span.failed = status >= 500;
    span.texts = {{"http.request.method", std::string(method)},
                  {"http.route", std::string(route)},
                  {"url.scheme", secure ? "https" : "http"}};
    span.numbers = {{"http.response.status_code", status}};
    return span;
}

Span model_span(const Trace& trace, std::string_view model, std::string_view fault, double seconds) {
    Span span;
    span.kind = Span::Kind::client;
    span.trace = trace;
    span.name = "chat " + std::string(model);
    span.end = now();
    span.seconds = seconds;
    span.failed = !fault.empty();
    span.texts = {{"gen_ai.operation.name", "chat"}, {"gen_ai.request.model", std::string(model)}};
    if (span.failed) span.texts.emplace_back("error.type", fault);
    return span;
}

std::string otlp_json(const Resource& resource, const std::vector<Span>& spans) {
    JsonWriter json(512 + spans.size() * 512);
    json.object().key("resourceSpans").array().object();
    json.key("resource").object().key("attributes").array();
    write_text(json, "service.name", "brainbytes");
    write_text(json, "service.version", resource.version);
    write_text(json, "service.instance.id", resource.instance);
    write_text(json, "deployment.environment.name", resource.stage);
    json.end().end();
    json.key("scopeSpans").array().object().key("scope").object().field("name", "brainbytes").end();
    json.key("spans").array();
    for (const auto& span : spans) write(json, span);
    json.end().end().end().end().end().end();
    return json.take();
}

Spans::Spans(metrics::Registry& registry, std::string endpoint, Resource resource)
    : dropped_(registry.counter("brainbytes_spans_dropped_total",
                                "Spans of traces that were not handed to the collector.")),
      url_(std::move(endpoint)),
      resource_(std::move(resource)) {
    while (url_.ends_with('/')) url_.pop_back();
    url_ += "/v1/traces";
}

void Spans::add(Span span) {
    if (!span.trace.sampled || span.trace.trace_id.empty()) return;
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < most_waiting)
        waiting_.push_back(std::move(span));
    else
        dropped_.add();
}

std::vector<Span> Spans::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

Task<void> Spans::send(client::HttpClient& client, std::vector<Span> batch) {
    client::Outgoing request("POST", url_);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = otlp_json(resource_, batch);
    request.max_bytes = 64 * 1024;
    request.deadlines.connect = std::chrono::seconds(2);
    request.deadlines.whole = std::chrono::seconds(10);
    const auto reply = co_await client.send(std::move(request));
    const bool well = !reply.failure && reply.status >= 200 && reply.status < 300;
    if (!well) dropped_.add(static_cast<double>(batch.size()));
    if (well_ && !well)
        log::warn("spans are not taken by the collector",
                  {{"status", reply.status}, {"detail", reply.detail}});
    well_ = well;
}

Task<void> Spans::keep_sending(client::HttpClient& client) {
    for (;;) {
        co_await net::sleep_for(send_every);
        const auto gathered = take();
        for (std::size_t from = 0; from < gathered.size(); from += most_at_once) {
            const auto to = std::min(gathered.size(), from + most_at_once);
            std::vector<Span> batch(gathered.begin() + static_cast<std::ptrdiff_t>(from),
                                    gathered.begin() + static_cast<std::ptrdiff_t>(to));
            co_await send(client, std::move(batch));
            if (well_) continue;
            dropped_.add(static_cast<double>(gathered.size() - to));  // the next ones may be taken
            break;
        }
    }
}

}  // namespace bb::telemetry
