#include "operations/watch/increments.hpp"

#include <algorithm>
#include <cmath>

#include "base/core/json_writer.hpp"

namespace bb::watch {
namespace {

std::string key_of(const metrics::Sample& sample) {
    return sample.name + labels_json(sample.labels);
}

bool tells_yes_or_no(double value) {
    return value == 0 || value == 1;
}

/// A histogram's increase; nothing was observed: no counts.
std::vector<std::uint64_t> more(const std::vector<std::uint64_t>& now, const metrics::Sample* before) {
    std::vector<std::uint64_t> counts = now;
    bool any = false;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto old = before && i < before->counts.size() ? before->counts[i] : 0;
        counts[i] -= std::min(counts[i], old);
        any = any || counts[i] > 0;
    }
    return any ? counts : std::vector<std::uint64_t>();
}

}  // namespace

std::string labels_json(metrics::Labels labels) {
    std::sort(labels.begin(), labels.end());
    JsonWriter json;
    json.object();
    for (const auto& [name, value] : labels) json.field(name, value);
    return json.end().take();
}

std::vector<Point> Increments::since_accepted(const std::vector<metrics::Sample>& now,
                                              bool with_gauges) const {
    std::vector<Point> points;
    for (const auto& sample : now) {
        // What the database counts is the same on every node, and older than any of them.
        if (sample.followed) continue;
        const auto found = accepted_.find(key_of(sample));
        const auto* before = found == accepted_.end() ? nullptr : &found->second;
        Point point{sample.name, sample.labels, sample.kind, sample.value, sample.bounds, {}};
        if (sample.kind == metrics::Kind::gauge) {
            const bool flipped = tells_yes_or_no(sample.value) && (!before || before->value != sample.value);
            if (std::isnan(sample.value) || (!with_gauges && !flipped)) continue;
        } else if (sample.kind == metrics::Kind::counter) {
            point.value -= before ? before->value : 0;
            if (!(point.value > 0)) continue;
        } else {
            point.counts = more(sample.counts, before);
            if (point.counts.empty()) continue;
            point.value = sample.sum - (before ? before->sum : 0);
        }
        points.push_back(std::move(point));
    }
    return points;
}

void Increments::accept(const std::vector<metrics::Sample>& now) {
    for (const auto& sample : now)
        if (!sample.followed) accepted_.insert_or_assign(key_of(sample), sample);
}

}  // namespace bb::watch
