#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/core/error.hpp"
#include "base/db/session.hpp"

namespace bb::db {

/// Held while the schema is changed, so that two programs never do it at once. `session` must outlive it.
class SchemaLock {
public:
    explicit SchemaLock(Session& session) : session_(session) {}
    ~SchemaLock();
    SchemaLock(const SchemaLock&) = delete;

    /// Errors: unavailable, when another holds it for longer than `patience`; `say` (may be empty) hears who.
    Result<void> take(const std::function<void(std::string_view)>& say, std::chrono::milliseconds patience);

private:
    bool try_once();
    bool wait(std::chrono::milliseconds patience);
    std::string holder();

    Session& session_;
    bool held_ = false;
};

}  // namespace bb::db
