#include "operations/safety/load_dump.hpp"

#include "base/db/session.hpp"
#include "operations/safety/dump_script.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

// What is loaded is worth nothing until it is checked and takes the place of the live one: that is a commit
// of its own, which waits for the disk.
constexpr const char* before_sql = "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; BEGIN";
constexpr const char* schema_sql = "SELECT current_schema()::text";
// Tables that the same transaction has made.
constexpr const char* frozen = " WITH (FREEZE)";
constexpr std::size_t watched_at_least = 8u << 20;  // bytes: a disk fills up faster than twice a second
constexpr std::size_t script_piece = 256 * 1024;

}  // namespace

std::map<std::string, std::int64_t> load_dump(const std::string& conninfo, http::FileSource& dump,
                                              int postgres_major, const std::function<void()>& watch) {
    std::map<std::string, std::int64_t> rows;
    db::Session session(conninfo);
    session.while_waiting(watch);
    const auto ours = session.query(schema_sql)[0].get<std::string>(0);
    session.script(before_sql);
    DumpScript::Use use;
    use.run = [&](const std::string& statements) {
        session.script(statements);
    };
    use.begin = [&](const DumpScript::Table& table) {
        session.begin_copy(table.copy + frozen);
    };
    use.rows = [&, unwatched = std::size_t(0)](std::string_view bytes) mutable {
        session.put_copy(bytes);
        unwatched += bytes.size();
        if (unwatched < watched_at_least) return;
        unwatched = 0;
        watch();
    };
    use.end = [&](const DumpScript::Table& table) {
        const auto taken = session.end_copy();
        if (table.schema == ours) rows[table.name] = taken;
    };
    DumpScript script(std::move(use));
    std::vector<std::string> command = {tool_path("pg_restore", postgres_major), "--no-owner",
                                        "--no-privileges", "--file=-"};
    RunningTool restore(std::move(command), {}, RunningTool::Ours::both, watch);
    std::string piece(script_piece, '\0');
    while (const auto got = restore.read(piece.data(), piece.size(), dump))
        script.add(std::string_view(piece).substr(0, got));
    restore.finish();
    script.finish();
    session.script("COMMIT");
    return rows;
}

}  // namespace bb::safety
