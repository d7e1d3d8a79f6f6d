#include "operations/safety/brought_back.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "operations/safety/newest_rows.hpp"
#include "operations/safety/snapshot.hpp"

namespace bb::safety {
namespace {

constexpr const char* written_by_restore_sql =
    "SELECT count(*) FILTER (WHERE action = 'backup.restored'), "
    "count(*) FILTER (WHERE action = 'account.erased'), "
    "(SELECT count(*) FROM schema_migrations WHERE applied_at >= $1) FROM audit_entries WHERE at >= $1";

std::string rows_text(std::int64_t rows, const std::optional<Time>& newest) {
    return fmt::format("{} rows{}", rows, newest ? ", the newest of " + to_rfc3339(*newest) : std::string());
}

/// Rows of the database but those of which the restore itself made an entry.
std::int64_t rows_in(db::Session& session, std::int64_t made_by_restore) {
    std::int64_t rows = -made_by_restore;
    for (const auto& [table, number] : count_rows(session)) rows += number;
    return rows;
}

}  // namespace

BroughtBack read_brought_back(const std::string& json) {
    const auto told = parse_json(json).value();
    BroughtBack back;
    back.of = parse_rfc3339(std::string(told.at("of").as_string())).value();
    back.rows = told.at("rows").to_number<std::int64_t>();
    if (const auto* newest = told.at("newestRow").if_string())
        back.newest_row = parse_rfc3339(std::string(*newest));
    back.missing_files = told.at("missingFiles").to_number<std::size_t>();
    return back;
}

std::string check_brought_back(db::Session& session, const BroughtBack& told, Time begun) {
    const auto written = session.query(written_by_restore_sql, begun);
    const auto erased = written[0].get<std::int64_t>(1), migrated = written[0].get<std::int64_t>(2);
    const auto rows = rows_in(session, written[0].get<std::int64_t>(0));
    const auto wanted = rows_text(told.rows, told.newest_row);
    // Rows of people who are erased go, and migrations may do anything to others.
    if (erased > 0 || migrated > 0)
        return fmt::format("{} came back; {} are left by {} erasures and {} migrations since", wanted, rows,
                           erased, migrated);
    if (rows != told.rows)
        throw std::runtime_error(fmt::format("{} rows are there, and {} were to come back", rows, wanted));
    if (told.newest_row && !has_row_of(session, *told.newest_row))
        throw std::runtime_error(
            fmt::format("the newest row, of {}, is not there", to_rfc3339(*told.newest_row)));
    return wanted;
}

}  // namespace bb::safety
