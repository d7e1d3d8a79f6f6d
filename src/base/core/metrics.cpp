#include "base/core/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>

#include "base/core/time.hpp"

namespace bb::metrics {
namespace {

constexpr std::size_t max_series = 1000;

void add_to(std::atomic<double>& target, double amount) {
    double old = target.load(std::memory_order_relaxed);
    while (!target.compare_exchange_weak(old, old + amount, std::memory_order_relaxed)) {
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

/// `a="1",b="2"`
std::string render(const Labels& labels) {
    std::string out;
    for (const auto& [name, value] : labels) {
        if (!out.empty()) out += ',';
        out += fmt::format("{}=\"{}\"", name, escaped(value));
    }
    return out;
}

/// A number as both text formats want it: bounds of buckets keep their ".0" (OpenMetrics, 5.1).
std::string number(double value, bool canonical = false) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    std::string text = fmt::format("{}", value);
    if (canonical && text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

std::string in_braces(const std::string& labels) {
    return labels.empty() ? "" : "{" + labels + "}";
}

}  // namespace

struct Counter::Cell {
    std::atomic<double> value{0};
    std::atomic<bool> followed{false};
};

struct Gauge::Cell {
    std::atomic<double> value{0};
};

/// The newest observation of a bucket that named its trace.
struct Exemplar {
    double value = 0;
    double seconds = 0;  // since 1970
    std::string trace_id;
};

struct Histogram::Cell {
    explicit Cell(std::vector<double> limits)
        : bounds(std::move(limits)), counts(bounds.size() + 1), exemplars(bounds.size() + 1) {}

    std::vector<double> bounds;
    std::vector<std::atomic<std::uint64_t>> counts;
    std::atomic<double> sum{0};
    std::mutex mutex;  // of the exemplars
    std::vector<Exemplar> exemplars;
};

void Counter::add(double amount) {
    add_to(cell_->value, amount);
}
double Counter::value() const {
    return cell_->value.load(std::memory_order_relaxed);
}
void Counter::follow(double total) {
    cell_->followed.store(true, std::memory_order_relaxed);
    cell_->value.store(total, std::memory_order_relaxed);
}
void Gauge::set(double value) {
    cell_->value.store(value, std::memory_order_relaxed);
}
void Gauge::add(double amount) {
    add_to(cell_->value, amount);
}
double Gauge::value() const {
    return cell_->value.load(std::memory_order_relaxed);
}

void Histogram::observe(double value, std::string_view trace_id) {
    const auto& bounds = cell_->bounds;
    const auto at =
        static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin());
    cell_->counts[at].fetch_add(1, std::memory_order_relaxed);
    add_to(cell_->sum, value);
    if (trace_id.empty()) return;
    // An example is as good as the next one: nobody waits for the lock.
    const std::unique_lock lock(cell_->mutex, std::try_to_lock);
    if (!lock) return;
    auto& exemplar = cell_->exemplars[at];
    exemplar.value = value;
    exemplar.seconds = static_cast<double>(now().time_since_epoch().count()) / 1e6;
    exemplar.trace_id.assign(trace_id);
}

std::uint64_t Histogram::count() const {
    std::uint64_t total = 0;
    for (const auto& count : cell_->counts) total += count.load(std::memory_order_relaxed);
    return total;
}

std::vector<double> latency_buckets() {
    return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

struct Registry::Impl {
    struct Series {
        Labels labels;
        std::shared_ptr<Counter::Cell> counter;
        std::shared_ptr<Gauge::Cell> gauge;
        std::shared_ptr<Histogram::Cell> histogram;
        std::function<double()> read;
    };
    struct Metrics {
        Kind kind;
        std::string help;
        std::map<std::string, Series> series;  // by rendered labels
    };

    /// The series to use, folded into "other" when the family is full. Call with the lock held.
    Series& series(std::string_view name, std::string_view help, Kind kind, const Labels& labels) {
        auto [at, fresh] = families.try_emplace(std::string(name));
        if (fresh) {
            at->second.kind = kind;
            at->second.help = help;
        } else if (at->second.kind != kind) {
            throw std::logic_error("metric registered with two types: " + std::string(name));
        }
        auto& all = at->second.series;
        const std::string key = render(labels);
        if (all.size() < max_series || all.count(key)) return one_of(all, key, labels);
        Labels other = labels;
        for (auto& label : other) label.second = "other";
        return one_of(all, render(other), other);
    }

    static Series& one_of(std::map<std::string, Series>& all, const std::string& key, const Labels& labels) {
        const auto [at, fresh] = all.try_emplace(key);
        if (fresh) at->second.labels = labels;
        return at->second;
    }

    static double value_of(const Series& series) {
        if (series.read) return series.read();
        if (series.counter) return series.counter->value.load(std::memory_order_relaxed);
        return series.gauge ? series.gauge->value.load(std::memory_order_relaxed) : 0;
    }

    static void append_exemplar(std::string& out, const Exemplar& exemplar) {
        if (exemplar.trace_id.empty()) return;
        out += fmt::format(" # {{trace_id=\"{}\"}} {} {:.3f}", escaped(exemplar.trace_id),
                           number(exemplar.value), exemplar.seconds);
    }

    static void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                                 Histogram::Cell& cell, bool exemplars) {
        std::uint64_t total = 0;
        const std::lock_guard lock(cell.mutex);
        const std::string lead = labels.empty() ? "" : labels + ",";
        for (std::size_t i = 0; i < cell.counts.size(); ++i) {
            total += cell.counts[i].load(std::memory_order_relaxed);
            const std::string bound = i < cell.bounds.size() ? number(cell.bounds[i], true) : "+Inf";
            out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}", name, lead, bound, total);
            if (exemplars) append_exemplar(out, cell.exemplars[i]);
            out += '\n';
        }
        const double sum = cell.sum.load(std::memory_order_relaxed);
        out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, in_braces(labels), number(sum), name,
                           in_braces(labels), total);
    }

    static void append_series(std::string& out, const std::string& name, const std::string& labels,
                              const Series& series, bool open_metrics) {
        if (series.histogram) return append_histogram(out, name, labels, *series.histogram, open_metrics);
        out += fmt::format("{}{} {}\n", name, in_braces(labels), number(value_of(series)));
    }

    /// OpenMetrics names a counter's family without the "_total" that its samples carry.
    std::string text(bool open_metrics) const {
        constexpr std::string_view types[] = {"counter", "gauge", "histogram"};
        std::string out;
        const std::lock_guard lock(mutex);
        for (const auto& [name, family] : families) {
            std::string_view shown = name;
            if (open_metrics && family.kind == Kind::counter && shown.ends_with("_total"))
                shown.remove_suffix(6);
            out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", shown, family.help, shown,
                               types[static_cast<int>(family.kind)]);
            for (const auto& [labels, series] : family.series)
                append_series(out, name, labels, series, open_metrics);
        }
        if (open_metrics) out += "# EOF\n";
        return out;
    }

    static Sample sample_of(const std::string& name, Kind kind, const Series& series) {
        Sample sample;
        sample.name = name;
        sample.labels = series.labels;
        sample.kind = kind;
        if (series.histogram) {
            const auto& cell = *series.histogram;
            sample.bounds = cell.bounds;
            for (const auto& count : cell.counts)
                sample.counts.push_back(count.load(std::memory_order_relaxed));
            sample.sum = cell.sum.load(std::memory_order_relaxed);
        } else {
            sample.value = value_of(series);
            sample.followed = series.counter && series.counter->followed.load(std::memory_order_relaxed);
        }
        return sample;
    }

    mutable std::mutex mutex;
    std::map<std::string, Metrics, std::less<>> families;
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    auto& series = impl_->series(name, help, Kind::counter, labels);
    if (!series.counter) series.counter = std::make_shared<Counter::Cell>();
    return Counter(series.counter);
}

Gauge Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    auto& series = impl_->series(name, help, Kind::gauge, labels);
    if (!series.gauge) series.gauge = std::make_shared<Gauge::Cell>();
    return Gauge(series.gauge);
}

Histogram Registry::histogram(std::string_view name, std::string_view help,
                              const std::vector<double>& buckets, const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    auto& series = impl_->series(name, help, Kind::histogram, labels);
    if (!series.histogram) series.histogram = std::make_shared<Histogram::Cell>(buckets);
    return Histogram(series.histogram);
}

void Registry::gauge_from(std::string_view name, std::string_view help, std::function<double()> read,
                          const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    impl_->series(name, help, Kind::gauge, labels).read = std::move(read);
}

void Registry::counter_from(std::string_view name, std::string_view help, std::function<double()> read,
                            const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    impl_->series(name, help, Kind::counter, labels).read = std::move(read);
}

void Registry::forget(std::string_view name, const Labels& labels) {
    const std::lock_guard lock(impl_->mutex);
    const auto family = impl_->families.find(name);
    if (family == impl_->families.end()) return;
    family->second.series.erase(render(labels));
    if (family->second.series.empty()) impl_->families.erase(family);
}

std::string Registry::prometheus_text() const {
    return impl_->text(false);
}
std::string Registry::open_metrics_text() const {
    return impl_->text(true);
}
std::vector<Sample> Registry::snapshot() const {
    std::vector<Sample> samples;
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families)
        for (const auto& [labels, series] : family.series)
            samples.push_back(Impl::sample_of(name, family.kind, series));
    return samples;
}

std::vector<Sample> Registry::snapshot(std::string_view name) const {
    std::vector<Sample> samples;
    const std::lock_guard lock(impl_->mutex);
    const auto family = impl_->families.find(name);
    if (family == impl_->families.end()) return samples;
    for (const auto& [labels, series] : family->second.series)
        samples.push_back(Impl::sample_of(family->first, family->second.kind, series));
    return samples;
}

}  // namespace bb::metrics
