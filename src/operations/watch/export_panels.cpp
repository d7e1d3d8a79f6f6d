#include "operations/watch/export_panels.hpp"

#include <fmt/format.h>

namespace bb::watch {
namespace {

using Lines = std::vector<Panel::Line>;

std::string rate(const char* by, const char* counter) {
    return fmt::format("sum by ({}) (rate({}[$__rate_interval]))", by, counter);
}

std::string quantile(const char* share, const char* by, const char* histogram) {
    return fmt::format("histogram_quantile({}, sum by (le{}) (rate({}_bucket[$__rate_interval])))", share, by,
                       histogram);
}

const char* const duration = "brainbytes_http_request_duration_seconds";
const char* const first_words = "brainbytes_time_to_first_token_seconds";
const char* const requests = "brainbytes_http_requests_total";

std::string failed_share() {
    return fmt::format(
        "(sum(rate({0}{{status=~\"5.*\"}}[$__rate_interval])) or vector(0)) "
        "/ (sum(rate({0}[$__rate_interval])) > 0)",
        requests);
}

void add_performance(std::vector<Panel>& to) {
    const std::string group = "performance";
    to.push_back(
        {group, "Requests per second", "reqps", {{rate("status", requests), "{{status}}"}}, requests, "Sum"});
    to.push_back({group,
                  "Time of a request, 95 of 100, by route",
                  "s",
                  {{quantile("0.95", ", route", duration), "{{route}}"}},
                  duration,
                  "p95"});
    to.push_back(
        {group,
         "Time to the first words of a reply",
         "s",
         {{quantile("0.5", "", first_words), "half"}, {quantile("0.95", "", first_words), "95 of 100"}},
         first_words,
         "p95"});
    to.push_back(
        {group,
         "Replies being written",
         "short",
         {{"sum(brainbytes_active_replies)", "replies"}, {"sum(brainbytes_active_streams)", "followers"}},
         "brainbytes_active_replies",
         "Maximum"});
    to.push_back({group,
                  "Calls to the language model per second",
                  "reqps",
                  {{rate("outcome", "brainbytes_model_requests_total"), "{{outcome}}"}},
                  "brainbytes_model_requests_total",
                  "Sum"});
    to.push_back({group,
                  "Transactions that wait for a connection",
                  "short",
                  {{"sum by (instance) (brainbytes_db_transactions_waiting)", "{{instance}}"}},
                  "brainbytes_db_transactions_waiting",
                  "Maximum"});
}

void add_availability(std::vector<Panel>& to) {
    const std::string group = "availability";
    to.push_back(
        {group, "Share of requests that fail", "percentunit", {{failed_share(), "failed"}}, requests, "Sum"});
    to.push_back({group,
                  "Ready, database, model (1: yes)",
                  "short",
                  {{"min by (instance) (brainbytes_ready)", "ready {{instance}}"},
                   {"min(brainbytes_database_up)", "database"},
                   {"min(brainbytes_model_up)", "model"}},
                  "brainbytes_ready",
                  "Minimum"});
    to.push_back({group,
                  "Free part of the disks",
                  "percentunit",
                  {{"min by (instance, place) (brainbytes_disk_free_share)", "{{instance}} {{place}}"}},
                  "brainbytes_disk_free_share",
                  "Minimum"});
    to.push_back({group,
                  "Age of the newest backup",
                  "s",
                  {{"max(brainbytes_backup_age_seconds)", "backup"}},
                  "brainbytes_backup_age_seconds",
                  "Maximum"});
    to.push_back({group,
                  "Memory of the servers",
                  "bytes",
                  {{"sum by (instance) (process_resident_memory_bytes)", "{{instance}}"}},
                  "process_resident_memory_bytes",
                  "Maximum"});
    to.push_back({group,
                  "Connections to the database",
                  "short",
                  {{"max(brainbytes_database_connections)", "open"},
                   {"max(brainbytes_database_connections_limit)", "limit"}},
                  "brainbytes_database_connections",
                  "Maximum"});
}

void add_security(std::vector<Panel>& to) {
    const std::string group = "security";
    to.push_back({group,
                  "Tries to sign in per second",
                  "reqps",
                  {{rate("outcome", "brainbytes_sign_in_total"), "{{outcome}}"}},
                  "brainbytes_sign_in_total",
                  "Sum"});
    to.push_back({group,
                  "Requests refused per second",
                  "reqps",
                  {{rate("reason", "brainbytes_requests_refused_total"), "{{reason}}"}},
                  "brainbytes_requests_refused_total",
                  "Sum"});
    to.push_back({group,
                  "Refused because there were too many, per second",
                  "reqps",
                  {{rate("limit", "brainbytes_rate_limited_total"), "{{limit}}"}},
                  "brainbytes_rate_limited_total",
                  "Sum"});
    to.push_back({group,
                  "Audit log whole (1: yes)",
                  "short",
                  {{"min(brainbytes_audit_whole)", "whole"}},
                  "brainbytes_audit_whole",
                  "Minimum"});
    to.push_back({group,
                  "Days that the certificate is good",
                  "d",
                  {{"min by (instance) (brainbytes_certificate_days)", "{{instance}}"}},
                  "brainbytes_certificate_days",
                  "Minimum"});
    to.push_back({group,
                  "Age of the check of the audit log",
                  "s",
                  {{"min(brainbytes_audit_check_age_seconds)", "age"}},
                  "brainbytes_audit_check_age_seconds",
                  "Minimum"});
}

void add_business(std::vector<Panel>& to) {
    const std::string group = "business";
    to.push_back({group,
                  "Active people",
                  "short",
                  {{"max by (period) (brainbytes_active_people)", "{{period}}"}},
                  "brainbytes_active_people",
                  "Maximum"});
    to.push_back({group,
                  "Questions of the last day",
                  "short",
                  {{"max by (period) (brainbytes_questions)", "{{period}}"}},
                  "brainbytes_questions",
                  "Maximum"});
    to.push_back({group,
                  "Uses of features",
                  "short",
                  {{"sum by (feature) (brainbytes_feature_uses{period=\"day\"})", "{{feature}}"}},
                  "brainbytes_feature_uses",
                  "Maximum"});
    to.push_back({group,
                  "Students who came back",
                  "percentunit",
                  {{"max by (weeks) (brainbytes_retained_share)", "after {{weeks}} weeks"}},
                  "brainbytes_retained_share",
                  "Maximum"});
    to.push_back({group,
                  "Tokens of the language model today",
                  "short",
                  {{"max(brainbytes_tokens_used)", "tokens"}},
                  "brainbytes_tokens_used",
                  "Maximum"});
    to.push_back({group,
                  "Replies by how they ended, per second",
                  "reqps",
                  {{rate("outcome", "brainbytes_replies_total"), "{{outcome}}"}},
                  "brainbytes_replies_total",
                  "Sum"});
}

}  // namespace

const std::vector<Panel>& panels() {
    static const std::vector<Panel> all = [] {
        std::vector<Panel> made;
        add_performance(made);
        add_availability(made);
        add_security(made);
        add_business(made);
        return made;
    }();
    return all;
}

}  // namespace bb::watch
