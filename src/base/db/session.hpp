#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/db/error.hpp"
#include "base/db/params.hpp"
#include "base/db/rows.hpp"

struct pg_conn;
struct pg_result;

namespace bb::db {

/// A blocking connection for start-up and the command line; the server's loops use Database.
class Session {
public:
    /// Connects. Throws Unavailable with libpq's reason.
    explicit Session(const std::string& conninfo);

    /// Runs one statement. Throws SqlError or its kinds, or Unavailable.
    template <class... Args>
    Rows query(const std::string& sql, const Args&... args) {
        return run(sql, Params::of(args...));
    }
    Rows run(const std::string& sql, const Params& params);
    /// Runs a script of several statements without parameters and drops its results.
    void script(const std::string& sql);
    /// COPY ... FROM STDIN: begun with its statement, then its data in pieces of any length, then the number
    /// of rows that it took. A session that goes in between leaves nothing behind.
    void begin_copy(const std::string& sql);
    void put_copy(std::string_view bytes);
    std::int64_t end_copy();
    /// Calls `watch` about twice a second while a statement runs. When it throws, the statement is cancelled,
    /// the connection closed, and the caller gets what was thrown.
    void while_waiting(std::function<void()> watch) { watch_ = std::move(watch); }
    /// `name` as it must be written in a statement.
    static std::string quoted(std::string_view name);
    /// What it was connected with.
    const std::string& conninfo() const { return conninfo_; }

private:
    struct Close {
        void operator()(pg_conn* pg) const;
    };
    void wait_for_answer();
    void look_around();
    void flush();
    pg_result* answer();
    void send(const std::string& script);
    [[noreturn]] void fail(pg_result* result) const;

    std::string conninfo_;
    std::function<void()> watch_;
    std::unique_ptr<pg_conn, Close> pg_;
};

}  // namespace bb::db
