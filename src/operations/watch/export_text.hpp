#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "operations/watch/alarm.hpp"

namespace bb::watch {

/// "5m", "6h", "3d": the largest unit that divides it.
std::string duration_text(std::chrono::seconds length);

/// `name{route!~"/livez|/readyz",status=~"5.*"}`
std::string series_of(const std::string& name, const std::map<std::string, std::string>& labels);

/// The buckets of a histogram up to `bound`, which Prometheus's text and OpenMetrics write differently.
std::string buckets_within(const Selector& of, double bound);

/// `brainbytes:http_requests:bad_ratio_1h`: the recorded share of what failed within a window.
std::string recorded_share(const BurnRate& rule, std::chrono::seconds window);

/// How many of a burn rate's failed, and all of them, as PromQL of a function: rate or increase.
std::string failed_of(const BurnRate& rule, std::string_view function, std::chrono::seconds window);
std::string all_of(const BurnRate& rule, std::string_view function, std::chrono::seconds window);

/// PromQL that gives series while the alarm's rule is broken.
std::string expression_of(const Alarm& alarm);

/// A text of one line, quoted for YAML.
std::string yaml(std::string_view text);

/// With a line for each member, indented by two spaces; ends with a new line.
std::string readable_json(const boost::json::value& value);

/// Where the steps for an alarm stand: docs/runbook.md and its anchor.
std::string runbook_url(const Alarm& alarm);

}  // namespace bb::watch
