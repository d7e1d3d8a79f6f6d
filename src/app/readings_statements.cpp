#include "app/readings_statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/core/log.hpp"
#include "base/db/session.hpp"

namespace bb::app {
namespace {

using std::chrono::steady_clock;

constexpr const char* seconds_name = "brainbytes_db_statement_seconds_total";
constexpr const char* slow_name = "brainbytes_db_slow_statements";
constexpr std::size_t longest_word = 40;
constexpr std::chrono::seconds longest_look{10};
constexpr std::chrono::hours again_after{1};

constexpr const char* bound_statements_sql =
    "SET statement_timeout = '3s'; SET lock_timeout = '1s'; SET default_transaction_read_only = off";
constexpr const char* loaded_sql =
    "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'";
constexpr const char* make_sql = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
constexpr const char* where_sql =
    "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
    "WHERE e.extname = 'pg_stat_statements'";
constexpr const char* top_sql =
    "SELECT s.queryid::text, left(min(s.query), 4000), (sum(s.total_exec_time) / 1000)::float8 "
    "FROM {0}.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid "
    "WHERE d.datname = coalesce(nullif($1, ''), current_database()) AND s.queryid IS NOT NULL "
    "GROUP BY s.queryid ORDER BY sum(s.total_exec_time) DESC LIMIT 10";
constexpr const char* slow_sql =
    "SELECT count(*)::float8 FROM {0}.pg_stat_statements(false) s JOIN pg_database d ON d.oid = s.dbid "
    "WHERE d.datname = coalesce(nullif($1, ''), current_database()) AND s.mean_exec_time > 100";

bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The next word of letters, digits and lines, in lower case; what stands before it is skipped.
std::string next_word(std::string_view& rest) {
    while (!rest.empty() && !in_word(rest[0])) rest.remove_prefix(1);
    std::string word;
    while (!rest.empty() && in_word(rest[0])) {
        const char c = rest[0];
        word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        rest.remove_prefix(1);
    }
    return word;
}

bool is_name(const std::string& word) {
    return !word.empty() && word.size() <= longest_word && !(word[0] >= '0' && word[0] <= '9');
}

}  // namespace

std::string statement_head(std::string_view sql) {
    constexpr std::string_view verbs[] = {"select", "insert", "update", "delete", "merge", "with"};
    constexpr std::string_view leads[] = {"from", "into", "update"};
    // A literal would be text between quotes: nothing after one is looked at.
    std::string_view rest = sql.substr(0, sql.find('\''));
    const auto verb = next_word(rest);
    if (std::find(std::begin(verbs), std::end(verbs), verb) == std::end(verbs)) return "other";
    for (std::string word = verb; !word.empty(); word = next_word(rest)) {
        if (std::find(std::begin(leads), std::end(leads), word) == std::end(leads)) continue;
        while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
        if (!rest.empty() && !in_word(rest[0])) continue;  // a subquery, or a name between quotes
        const auto table = next_word(rest);
        if (is_name(table) && table != "select") return verb + ' ' + table;
    }
    return verb;
}

StatementReadings::StatementReadings(metrics::Registry& metrics, Statistics where)
    : metrics_(metrics), where_(std::move(where)) {}

void StatementReadings::forget() {
    for (const auto& [statement, counter] : shown_) metrics_.forget(seconds_name, {{"statement", statement}});
    shown_.clear();
    metrics_.forget(slow_name);
}

void StatementReadings::show(const Seconds& seconds, double slow) {
    constexpr auto help = "Time that the database took for the statements it took most for";
    std::erase_if(shown_, [&](const auto& known) {
        if (seconds.contains(known.first)) return false;
        metrics_.forget(seconds_name, {{"statement", known.first}});
        return true;
    });
    for (const auto& [statement, total] : seconds) {
        auto at = shown_.find(statement);
        if (at == shown_.end())
            at = shown_.emplace(statement, metrics_.counter(seconds_name, help, {{"statement", statement}}))
                     .first;
        at->second.follow(total);
    }
    metrics_.gauge(slow_name, "Statements that take more than 100 ms on the average").set(slow);
}

void StatementReadings::read() {
    if (absent_ && steady_clock::now() - *absent_ < again_after) return;
    absent_.reset();
    try {
        db::Session session(where_.conninfo);
        const auto deadline = steady_clock::now() + longest_look;
        session.while_waiting([deadline]() {
            if (steady_clock::now() > deadline) throw std::runtime_error("the database does not answer");
        });
        session.script(bound_statements_sql);
        auto schema = session.query(where_sql);
        if (schema.empty() && where_.ours && session.query(loaded_sql)[0].get<bool>(0)) {
            session.script(make_sql);
            schema = session.query(where_sql);
        }
        if (schema.empty()) {
            absent_ = steady_clock::now();
            return forget();
        }
        const auto quoted = db::Session::quoted(schema[0].get<std::string>(0));
        Seconds seconds;
        for (const auto row : session.query(fmt::format(fmt::runtime(top_sql), quoted), where_.database))
            seconds[statement_head(row.get<std::string>(1)) + ' ' + row.get<std::string>(0)] =
                row.get<double>(2);
        const auto slow = session.query(fmt::format(fmt::runtime(slow_sql), quoted), where_.database);
        show(seconds, slow[0].get<double>(0));
    } catch (const std::exception& fault) {
        // It may be there and not loaded, or not ours to read.
        log::debug("statements of the database not read", {{"reason", fault.what()}});
        forget();
    }
}

}  // namespace bb::app
