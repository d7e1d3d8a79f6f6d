#include "operations/safety/dump_script.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bb::safety {
namespace {

constexpr std::string_view last_line = "\\.\n";  // of the rows of a table
constexpr std::string_view inner_last_line = "\n\\.\n";
constexpr std::string_view copy_begins = "COPY ";
constexpr std::string_view copy_ends = " FROM stdin;";
constexpr std::string_view name_follows = "-- Data for Name: ";
constexpr std::string_view type_follows = "; Type: TABLE DATA; Schema: ";

bool starts_with(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

bool ends_with(std::string_view text, std::string_view with) {
    return text.size() >= with.size() && text.substr(text.size() - with.size()) == with;
}

/// Orders to psql(1) against other orders to psql in the script, which means nothing to us.
bool is_for_psql(std::string_view line) {
    return starts_with(line, "\\restrict ") || starts_with(line, "\\unrestrict ");
}

}  // namespace

void DumpScript::add(std::string_view bytes) {
    waiting_ += bytes;
    std::size_t at = 0;
    for (;;) {
        const auto next = in_rows_ ? take_rows(at) : take_line(at);
        if (next == at) break;
        at = next;
    }
    waiting_.erase(0, at);
}

void DumpScript::finish() {
    if (in_rows_) throw std::runtime_error("the dump ends among the rows of " + table_.name);
    statements_ += waiting_;
    waiting_.clear();
    if (!statements_.empty()) use_.run(statements_);
    statements_.clear();
}

/// Notes what a comment says of the rows that follow it: a line that looks like COPY in the body of a
/// function has none.
bool DumpScript::begins_rows(std::string_view line) {
    if (starts_with(line, name_follows)) {
        const auto type = line.find(type_follows);
        named_ = type != std::string_view::npos;
        if (!named_) return false;
        table_.name = line.substr(name_follows.size(), type - name_follows.size());
        const auto schema = line.substr(type + type_follows.size());
        table_.schema = schema.substr(0, schema.find(';'));
        return false;
    }
    if (line.empty() || line == "--") return false;
    const bool begins = named_ && starts_with(line, copy_begins) && ends_with(line, copy_ends);
    named_ = false;
    return begins;
}

/// Where the next line begins, or `from` while its end has not come.
std::size_t DumpScript::take_line(std::size_t from) {
    const auto end = waiting_.find('\n', from);
    if (end == std::string::npos) return from;
    const auto line = std::string_view(waiting_).substr(from, end - from);
    if (begins_rows(line)) {
        table_.copy = line.substr(0, line.size() - 1);
        if (!statements_.empty()) use_.run(std::exchange(statements_, {}));
        use_.begin(table_);
        in_rows_ = line_begins_ = true;
    } else if (!is_for_psql(line)) {
        statements_.append(line).append("\n");
    }
    return end + 1;
}

/// Hands on all but what may be the beginning of the last line.
std::size_t DumpScript::take_rows(std::size_t from) {
    const auto there = std::string_view(waiting_).substr(from);
    const bool nothing = line_begins_ && starts_with(there, last_line);
    const auto found = nothing ? 0 : there.find(inner_last_line);
    if (found == std::string_view::npos) {
        const auto sure = there.size() - std::min(there.size(), inner_last_line.size() - 1);
        if (sure == 0) return from;
        use_.rows(there.substr(0, sure));
        line_begins_ = false;
        return from + sure;
    }
    const auto rows = nothing ? 0 : found + 1;
    if (rows > 0) use_.rows(there.substr(0, rows));
    use_.end(table_);
    in_rows_ = false;
    return from + rows + last_line.size();
}

}  // namespace bb::safety
