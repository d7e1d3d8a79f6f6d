#pragma once
#include "base/db/database.hpp"
#include "base/http/conditions.hpp"
#include "features/materials/records.hpp"

namespace bb::materials {

/// Subjects of one person: names that materials are sorted by. Two names that differ in case only are the
/// same.
class Subjects {
public:
    explicit Subjects(db::Database& db) : db_(db) {}

    /// By name. Errors: invalid_input (cursor).
    Task<Result<Page<Subject>>> list(UserId owner, http::PageQuery page);
    /// Errors: not_found.
    Task<Result<Subject>> find(UserId owner, SubjectId id);
    /// Errors: conflict (name).
    Task<Result<Subject>> create(UserId owner, SubjectId id, std::string name);
    /// Errors: not_found, conflict (name), stale.
    Task<Result<Subject>> rename(UserId owner, SubjectId id, std::string name, http::IfMatch condition);
    /// Its materials stay and have no subject then. Errors: not_found, stale.
    Task<Result<>> remove(UserId owner, SubjectId id, http::IfMatch condition);

private:
    db::Database& db_;
};

/// The subject with this name, made when it is new.
Task<SubjectId> subject_named(db::Transaction& tx, UserId owner, const std::string& name);

}  // namespace bb::materials
