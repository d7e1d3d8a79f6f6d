#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/session.hpp"

namespace bb::safety {

/// The database as it is at one moment, for as long as this lives. Writers are not held up.
class Snapshot {
public:
    /// `watch`: as db::Session::while_waiting() takes it. Throws db::Unavailable, db::SqlError.
    Snapshot(const std::string& conninfo, std::function<void()> watch);

    const std::string& name() const { return name_; }  ///< for pg_dump
    Time at() const { return at_; }
    const std::string& wal_position() const { return wal_position_; }
    int postgres_major() const { return major_; }
    int schema() const { return schema_; }
    const std::string& database() const { return database_; }
    std::uint64_t bytes() const { return bytes_; }  ///< of the database on its disk

    /// Rows of every table, by name.
    std::map<std::string, std::int64_t> count_rows();
    db::Session& session() { return session_; }

private:
    db::Session session_;
    std::string name_, wal_position_, database_;
    Time at_;
    int major_ = 0, schema_ = 0;
    std::uint64_t bytes_ = 0;
};

struct TableName {
    std::string name;
    std::string quoted;  ///< as it must be written in a statement
};

/// Of `session`'s own schema, by name.
std::vector<TableName> tables_of(db::Session& session);
std::int64_t count_rows(db::Session& session, const TableName& table);
/// Rows of every table of `session`'s own schema, by name.
std::map<std::string, std::int64_t> count_rows(db::Session& session);

}  // namespace bb::safety
