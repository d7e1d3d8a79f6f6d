#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bb::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// A value that only grows. Safe from any thread.
class Counter {
public:
    void add(double amount = 1);
    double value() const;
    /// Takes over a count that is kept elsewhere; NaN: it cannot be read.
    void follow(double total);

    struct Cell;

private:
    friend class Registry;
    explicit Counter(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}
    std::shared_ptr<Cell> cell_;
};

/// A value that moves both ways. Safe from any thread.
class Gauge {
public:
    void set(double value);
    void add(double amount);
    double value() const;

    struct Cell;

private:
    friend class Registry;
    explicit Gauge(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}
    std::shared_ptr<Cell> cell_;
};

/// Counts observations (seconds, bytes) in fixed buckets. Safe from any thread.
class Histogram {
public:
    /// `trace_id` (may be empty) is kept as the exemplar of the value's bucket: an example to look up in
    /// the log, or where traces go.
    void observe(double value, std::string_view trace_id = {});
    std::uint64_t count() const;

    struct Cell;

private:
    friend class Registry;
    explicit Histogram(std::shared_ptr<Cell> cell) : cell_(std::move(cell)) {}
    std::shared_ptr<Cell> cell_;
};

/// Upper bounds in seconds that suit request latencies.
std::vector<double> latency_buckets();

enum class Kind { counter, gauge, histogram };

/// One series as it stands: for who keeps a history.
struct Sample {
    std::string name;
    Labels labels;
    Kind kind = Kind::gauge;
    double value = 0;                   // of a counter or gauge
    std::vector<double> bounds;         // of a histogram
    std::vector<std::uint64_t> counts;  // one more than bounds, not cumulative
    double sum = 0;
    bool followed = false;  // a counter that is kept elsewhere, see Counter::follow()
};

/// All metric families of the process, in Prometheus's data model.
class Registry {
public:
    Registry();
    ~Registry();
    Registry(const Registry&) = delete;

    /// The same name and labels give the same series. At most 1,000 series a family; further ones are
    /// folded into one whose label values are "other".
    Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
    Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
    Histogram histogram(std::string_view name, std::string_view help, const std::vector<double>& buckets,
                        const Labels& labels = {});
    /// A gauge read at each scrape. `read` may be called from any thread.
    void gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                    const Labels& labels = {});

    /// A counter kept elsewhere and read at each scrape. `read` may be called from any thread.
    void counter_from(std::string_view name, std::string_view help, std::function<double()> read,
                      const Labels& labels = {});
    /// Shows a series no more, and its family with the last of them. Who still holds it changes nothing.
    void forget(std::string_view name, const Labels& labels = {});

    /// Prometheus text format 0.0.4.
    std::string prometheus_text() const;
    /// OpenMetrics 1.0 with exemplars, ends with "# EOF".
    std::string open_metrics_text() const;
    /// Every series in the order of the texts, by name and labels.
    std::vector<Sample> snapshot() const;
    /// The series of one family.
    std::vector<Sample> snapshot(std::string_view name) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bb::metrics
