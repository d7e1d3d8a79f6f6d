#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/client/http_client.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/core/time.hpp"
#include "base/core/trace.hpp"

namespace bb::telemetry {

/// A piece of work, as a collector of traces shows it.
struct Span {
    enum class Kind { server = 2, client = 3 };  // as OTLP numbers them
    Kind kind = Kind::server;
    Trace trace;
    std::string name;
    Time end;
    double seconds = 0;
    bool failed = false;
    std::vector<std::pair<std::string, std::string>> texts;  // attributes
    std::vector<std::pair<std::string, std::int64_t>> numbers;
};

/// A request that was answered.
Span request_span(const Trace& trace, std::string_view method, std::string_view route, bool secure,
                  int status, double seconds);
/// A call to the language model; `fault` is empty when it went well.
Span model_span(const Trace& trace, std::string_view model, std::string_view fault, double seconds);

/// Who the spans are of.
struct Resource {
    std::string version;
    std::string stage;
    std::string instance;
};

/// The body of a POST to /v1/traces: ExportTraceServiceRequest of OTLP 1 in its JSON form.
std::string otlp_json(const Resource& resource, const std::vector<Span>& spans);

/// Spans on their way to a collector. Safe from any thread. What is more than 4096 is dropped and counted,
/// and so is what the collector does not take.
class Spans {
public:
    /// `endpoint` is that of OTEL_EXPORTER_OTLP_ENDPOINT.
    Spans(metrics::Registry& registry, std::string endpoint, Resource resource);
    Spans(const Spans&) = delete;

    /// Takes it unless its trace is one that nobody keeps.
    void add(Span span);
    /// Sends what has gathered, every two seconds, until it is cancelled. For one loop.
    Task<void> keep_sending(client::HttpClient& client);

private:
    std::vector<Span> take();
    Task<void> send(client::HttpClient& client, std::vector<Span> batch);

    metrics::Counter dropped_;
    std::string url_;
    Resource resource_;
    std::mutex mutex_;
    std::vector<Span> waiting_;
    bool well_ = true;
};

}  // namespace bb::telemetry
