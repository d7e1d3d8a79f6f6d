#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/db/session.hpp"
#include "base/http/file_body.hpp"
#include "operations/safety/manifest.hpp"

namespace bb::safety {

/// A database that is filled beside the live one and then takes its name.
class RestoredDatabase {
public:
    /// `conninfo`: of the live one. Makes an empty database beside it; where the role may not, and the live
    /// one is empty, that one is filled. `watch`: called while something is waited for; throws to give up.
    /// Throws std::runtime_error with a sentence.
    RestoredDatabase(const std::string& conninfo, bool live_is_empty, std::function<void()> watch);
    /// Drops it unless it has become the live one.
    ~RestoredDatabase();
    RestoredDatabase(const RestoredDatabase&) = delete;

    /// For libpq.
    const std::string& conninfo() const { return conninfo_; }
    /// Loads a dump (load_dump()). Throws std::runtime_error.
    void load(http::FileSource& dump, int postgres_major);
    /// How many rows each table took from the dump; those that it has none for are counted.
    std::map<std::string, std::int64_t> rows(db::Session& session) const;
    /// Gathers what the planner has to know of each table.
    void analyze() const;
    /// Gives it the name of the live one, which gets `former`, in one transaction. Returns the seconds in
    /// which no connection could be made. Throws std::runtime_error when somebody does not let go.
    double take_place(const std::string& former);

private:
    std::string live_;      // name of the database
    std::string name_;      // empty: the live one is filled
    std::string conninfo_;  // of the one that is filled
    std::string maintenance_;
    std::function<void()> watch_;
    std::map<std::string, std::int64_t> loaded_;  // rows by table
    std::unique_ptr<db::Session> claim_;          // holds the lock of this restore
};

/// Names of the databases that restores of `conninfo`'s have put aside, oldest first.
std::vector<std::string> former_databases_of(const std::string& conninfo);
void drop_databases(const std::string& conninfo, const std::vector<std::string>& names);
/// Gives the live database's name to one that a restore has put aside, and `former` to the live one. Throws
/// std::runtime_error with a sentence, as take_place() does, and db::SqlError.
void put_back_database(const std::string& conninfo, const std::string& name, const std::string& former);
/// The name under which the live database is put aside when `backup` takes its place.
std::string former_name(const std::string& conninfo, const std::string& backup);

}  // namespace bb::safety
