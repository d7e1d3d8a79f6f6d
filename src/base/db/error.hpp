#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace bb::db {

/// The database refused a statement. `sqlstate()` is the five-character code (PostgreSQL, appendix A).
class SqlError : public std::runtime_error {
public:
    SqlError(std::string sqlstate, std::string constraint, const std::string& message)
        : std::runtime_error(message), sqlstate_(std::move(sqlstate)), constraint_(std::move(constraint)) {}
    const std::string& sqlstate() const { return sqlstate_; }
    /// Name of the violated constraint, or empty.
    const std::string& constraint() const { return constraint_; }

private:
    std::string sqlstate_;
    std::string constraint_;
};

/// 23505. Check constraint() before you map it to a conflict.
class UniqueViolation : public SqlError {
public:
    using SqlError::SqlError;
};

/// 23503: the row that is pointed to does not exist (any more).
class ForeignKeyViolation : public SqlError {
public:
    using SqlError::SqlError;
};

/// 40001, 40P01: the transaction lost a race and may be run again as a whole.
class SerializationFailure : public SqlError {
public:
    using SqlError::SqlError;
};

/// The database cannot be reached, is starting or stopping, or has too much waiting. Becomes a 503.
/// A statement that was sent may or may not have been carried out.
class Unavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace bb::db
