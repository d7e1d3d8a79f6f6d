#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/http/file_body.hpp"

namespace bb::safety {

/// Loads what pg_dump(1) wrote into the empty database of `conninfo`, in one transaction: all or nothing. Its
/// rows are frozen as they come, so that whoever reads them first has no page to write again. Gives the
/// number of rows that each table of the schema of ours took. `watch` is called while something is waited
/// for; what it throws comes out. Throws std::runtime_error with the reason, db::SqlError among them.
std::map<std::string, std::int64_t> load_dump(const std::string& conninfo, http::FileSource& dump,
                                              int postgres_major, const std::function<void()>& watch);

}  // namespace bb::safety
