#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bb::safety {

/// Takes the script that pg_restore(1) makes of a dump apart, while it comes: what is to be run, and the rows
/// of each table as COPY takes them.
class DumpScript {
public:
    struct Table {
        std::string schema, name;
        std::string copy;  ///< the statement, up to where its options stand
    };
    struct Use {
        std::function<void(const std::string&)> run;  ///< one or more whole statements
        std::function<void(const Table&)> begin;      ///< rows follow
        std::function<void(std::string_view)> rows;   ///< a piece, of any length
        std::function<void(const Table&)> end;
    };

    explicit DumpScript(Use use) : use_(std::move(use)) {}

    /// Throws what the uses throw.
    void add(std::string_view bytes);
    /// Runs what is left. Throws std::runtime_error where the script ends inside a table.
    void finish();

private:
    std::size_t take_line(std::size_t from);
    std::size_t take_rows(std::size_t from);
    bool begins_rows(std::string_view line);

    Use use_;
    std::string waiting_;     // bytes that no piece or line was made of yet
    std::string statements_;  // whole lines that were not run yet
    Table table_;
    bool named_ = false;  // a comment has named the table whose rows follow
    bool in_rows_ = false;
    bool line_begins_ = false;  // in rows: none came yet
};

}  // namespace bb::safety
