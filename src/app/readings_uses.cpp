#include "app/readings_uses.hpp"

#include <string_view>

namespace bb::app {
namespace {

struct Feature {
    const char* name;
    std::string_view method;
    std::string_view route;
};

constexpr Feature routes[] = {
    {"chat", "POST", "/api/chat"},
    {"completion", "POST", "/api/completion"},
    {"search", "GET", "/api/search"},
    {"upload", "POST", "/api/materials/{id}/files"},
    {"write", "POST", "/api/materials/{id}/entries"},
    {"material", "POST", "/api/materials"},
    {"export", "GET", "/api/me/export"},
    {"import", "POST", "/api/me/import"},
};
static_assert(std::size(routes) == UseReadings::features);

constexpr std::size_t hours_a_day = 24;

std::string_view label(const metrics::Sample& sample, std::string_view name) {
    for (const auto& [known, value] : sample.labels)
        if (known == name) return value;
    return {};
}

}  // namespace

UseReadings::UseReadings(metrics::Registry& metrics) : metrics_(metrics) {
    for (const auto& feature : routes)
        gauges_.push_back(metrics.gauge("brainbytes_feature_uses",
                                        "Uses of a feature of this process in the last 24 hours",
                                        {{"feature", feature.name}, {"period", "day"}}));
}

UseReadings::Counts UseReadings::count() const {
    Counts counts{};
    for (const auto& sample : metrics_.snapshot("brainbytes_http_requests_total"))
        for (std::size_t i = 0; i < features; ++i)
            if (label(sample, "route") == routes[i].route && label(sample, "method") == routes[i].method &&
                label(sample, "status").starts_with('2'))
                counts[i] += sample.value;
    return counts;
}

void UseReadings::read() {
    const auto counts = count();
    for (std::size_t i = 0; i < features; ++i) gauges_[i].set(counts[i] - hours_.front()[i]);
    if (++readings_ % readings_an_hour != 0) return;
    hours_.push_back(counts);
    if (hours_.size() > hours_a_day) hours_.pop_front();
}

}  // namespace bb::app
