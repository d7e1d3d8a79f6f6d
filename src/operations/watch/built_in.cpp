#include "operations/watch/alarm.hpp"

namespace bb::watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Who asks whether the server is well is not somebody who uses it.
// And who is asked to come back later was told so on purpose.
const std::string people_ask = "!/livez|/readyz|/api/health|/api/metrics|maintenance";
const std::string more_than = "GreaterThanThreshold";
const std::string less_than = "LessThanThreshold";

Statistic statistic(const char* name) {
    return *Statistic::parse(name);
}

/// The worst that a gauge showed in the last five minutes.
Threshold gauge(const char* metric, const std::string& comparison, double threshold,
                std::map<std::string, std::string> labels = {}) {
    Threshold rule;
    rule.of = {metric, std::move(labels)};
    rule.statistic = statistic(comparison == more_than ? "maximum" : "minimum");
    rule.comparison = comparison;
    rule.threshold = threshold;
    return rule;
}

/// What was never seen is worse than what is old.
Threshold or_never(Threshold rule, seconds absent_after) {
    rule.absent_after = absent_after;
    return rule;
}

Threshold sum(const char* metric, std::map<std::string, std::string> labels, double threshold,
              seconds period = seconds(300)) {
    Threshold rule;
    rule.of = {metric, std::move(labels)};
    rule.statistic = statistic("sum");
    rule.threshold = threshold;
    rule.period = period;
    rule.missing = "notBreaching";
    return rule;
}

/// Of those whose `label` fits, among at least `least`.
Threshold share(const char* label, const char* metric, std::map<std::string, std::string> labels,
                double threshold, double least, seconds period) {
    auto rule = sum(metric, std::move(labels), threshold, period);
    rule.share_of = label;
    rule.least = least;
    return rule;
}

/// The one that pages and the one that makes a ticket, of the SRE workbook.
BurnRate requests(std::vector<BurnRate::Window> windows) {
    BurnRate rule;
    rule.all = {"brainbytes_http_requests_total", {{"route", people_ask}}};
    rule.bad_label = "status";
    rule.bad_pattern = "5*";
    rule.goal = 0.999;
    rule.windows = std::move(windows);
    return rule;
}

BurnRate first_tokens(std::vector<BurnRate::Window> windows) {
    BurnRate rule;
    rule.all = {"brainbytes_time_to_first_token_seconds", {}};
    rule.within = 1;
    rule.goal = 0.95;
    rule.windows = std::move(windows);
    return rule;
}

const std::vector<BurnRate::Window> pages = {{hours(1), minutes(5), 14.4}, {hours(6), minutes(30), 6}};
const std::vector<BurnRate::Window> tickets = {{hours(72), hours(6), 1}};

template <class Rule>
Alarm alarm(const char* name, const char* severity, const char* component, const char* runbook,
            const char* description, Rule rule) {
    Alarm made;
    made.name = name;
    made.severity = severity;
    made.component = component;
    made.runbook = runbook;
    made.description = description;
    made.rule = std::move(rule);
    made.built_in = true;
    return made;
}

/// Of what is wrong with many things at once, the first that is wrong.
Alarm behind(Alarm alarm, const char* group, const char* inhibited_by = "") {
    alarm.group = group;
    alarm.inhibited_by = inhibited_by;
    return alarm;
}

void add_requests(std::vector<Alarm>& to) {
    const char* requests_total = "brainbytes_http_requests_total";
    to.push_back(behind(
        alarm(
            "service-failing", "P0", "service", "requests-fail", "A fifth of all requests fail.",
            share("status", requests_total, {{"status", "5*"}, {"route", people_ask}}, 0.2, 20, minutes(2))),
        "requests", "database"));
    to.push_back(behind(
        alarm(
            "requests-fail", "P1", "service", "requests-fail", "More than two in a hundred requests fail.",
            share("status", requests_total, {{"status", "5*"}, {"route", people_ask}}, 0.02, 50, minutes(2))),
        "requests", "database"));
    // The words of the deployment plan: Sum of Errors, 300 s, 10.
    to.push_back(behind(
        alarm("BrainBytes-HighErrorRate", "P2", "service", "requests-fail", "High error rate detected.",
              sum(requests_total, {{"status", "5*"}, {"route", people_ask}}, 10)),
        "requests", "database"));
    to.push_back(
        behind(alarm("requests-budget-burns", "P1", "service", "requests-fail",
                     "Requests fail so fast that the month's budget is soon used up.", requests(pages)),
               "requests", "database"));
    // A matter of days: it stays when what caused it is over.
    to.push_back(alarm("requests-budget-leaks", "P3", "service", "requests-fail",
                       "Over three days more requests failed than 99.9 % allows.", requests(tickets)));
    auto slow = sum("brainbytes_http_request_duration_seconds", {{"route", people_ask + "|/api/chat*"}}, 1);
    slow.statistic = statistic("p95");
    slow.evaluation_periods = 2;
    slow.datapoints = 2;
    to.push_back(alarm("requests-slow", "P2", "service", "requests-slow",
                       "One in twenty requests takes more than a second.", std::move(slow)));
}

void add_tutor(std::vector<Alarm>& to) {
    auto down = gauge("brainbytes_model_up", less_than, 1);
    down.period = minutes(1);
    to.push_back(
        behind(alarm("model-down", "P1", "tutor", "model-down",
                     "The language model does not answer; students get an apology instead of a reply.",
                     std::move(down)),
               "model"));
    to.push_back(behind(
        alarm("model-failing", "P1", "tutor", "model-down", "Half of the calls to the language model fail.",
              share("outcome", "brainbytes_model_requests_total", {{"outcome", "!ok|cancelled"}}, 0.5, 3,
                    minutes(1))),
        "model"));
    to.push_back(behind(alarm("first-words-late", "P2", "tutor", "first-words-late",
                              "Replies begin so late that the budget is soon used up.", first_tokens(pages)),
                        "first-words", "model"));
    to.push_back(alarm("first-words-budget-leaks", "P3", "tutor", "first-words-late",
                       "Over three days fewer than 95 % of replies began within a second.",
                       first_tokens(tickets)));
}

void add_data(std::vector<Alarm>& to) {
    to.push_back(
        alarm("backup-late", "P2", "data", "backup-late",
              "The newest backup is older than a day: more work would be lost than was promised.",
              or_never(gauge("brainbytes_backup_age_seconds", more_than, 24 * 3600 + 1800), hours(26))));
    auto lag = gauge("brainbytes_wal_lag_seconds", more_than, 300);
    lag.evaluation_periods = lag.datapoints = 2;
    to.push_back(alarm("log-behind", "P2", "data", "log-behind",
                       "The database's log is copied away more than five minutes late.", std::move(lag)));
    to.push_back(behind(
        alarm("drill-failed", "P2", "data", "drill-failed", "The last drill did not bring everything back.",
              gauge("brainbytes_drill_good", less_than, 1)),
        "drill"));
    to.push_back(behind(alarm("drill-slow", "P2", "data", "drill-failed",
                              "Recovering took longer than the hour that was promised.",
                              gauge("brainbytes_drill_rto_seconds", more_than, 3600)),
                        "drill"));
    to.push_back(
        alarm("drill-late", "P3", "data", "drill-late", "No drill was held for more than 35 days.",
              or_never(gauge("brainbytes_drill_age_seconds", more_than, 35 * 86'400), hours(35 * 24))));
}

void add_machine(std::vector<Alarm>& to) {
    to.push_back(behind(alarm("disk-full", "P1", "service", "disk-full",
                              "Less than 3 % of a disk is free; soon nothing can be stored.",
                              gauge("brainbytes_disk_free_share", less_than, 0.03)),
                        "disk"));
    to.push_back(
        behind(alarm("disk-filling", "P2", "service", "disk-full", "Less than 10 % of a disk is free.",
                     gauge("brainbytes_disk_free_share", less_than, 0.1)),
               "disk"));
    to.push_back(behind(alarm("certificate-ends", "P1", "service", "certificate-ends",
                              "The TLS certificate ends within three days.",
                              gauge("brainbytes_certificate_days", less_than, 3)),
                        "certificate"));
    to.push_back(behind(alarm("certificate-soon", "P3", "service", "certificate-ends",
                              "The TLS certificate ends within two weeks.",
                              gauge("brainbytes_certificate_days", less_than, 14)),
                        "certificate"));
    auto waiting = gauge("brainbytes_db_transactions_waiting", more_than, 32);
    waiting.evaluation_periods = waiting.datapoints = 2;
    to.push_back(alarm("database-busy", "P2", "service", "database-busy",
                       "Requests wait for a connection to the database.", std::move(waiting)));
    auto lost =
        alarm("node-lost", "P1", "service", "node-lost", "A server has gone without a word.", Silence{});
    lost.inhibited_by = "database";
    to.push_back(std::move(lost));
}

void add_safety(std::vector<Alarm>& to) {
    to.push_back(alarm("maintenance-overdue", "P3", "service", "maintenance-overdue",
                       "A task of regular maintenance is overdue.",
                       gauge("brainbytes_maintenance_overdue", more_than, 0)));
    to.push_back(
        alarm("many-failed-sign-ins", "P2", "sign-in", "failed-sign-ins",
              "Many sign-ins fail: somebody may be guessing.",
              sum("brainbytes_sign_in_total", {{"outcome", "failed|limited"}, {"method", "!key"}}, 50)));
    to.push_back(alarm("audit-broken", "P1", "service", "audit-broken",
                       "The audit log was changed behind the program's back.",
                       gauge("brainbytes_audit_whole", less_than, 1)));
}

}  // namespace

const std::vector<Alarm>& built_in_alarms() {
    static const std::vector<Alarm> alarms = [] {
        std::vector<Alarm> all;
        add_requests(all);
        add_tutor(all);
        add_data(all);
        add_machine(all);
        add_safety(all);
        return all;
    }();
    return alarms;
}

}  // namespace bb::watch
