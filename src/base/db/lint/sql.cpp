#include "base/db/lint/sql.hpp"

#include <pg_query.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <memory>

namespace bb::db::sql {
namespace {

namespace json = boost::json;

// Trees nest two or three levels for each level of an expression.
constexpr std::size_t deepest_tree = 256;

struct Parsed {
    explicit Parsed(const std::string& script) : result(pg_query_parse(script.c_str())) {}
    ~Parsed() { pg_query_free_parse_result(result); }
    Parsed(const Parsed&) = delete;
    PgQueryParseResult result;
};

int line_at(std::string_view script, std::size_t at) {
    const auto before = script.substr(0, std::min(at, script.size()));
    return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

/// The end of the comment that begins at `at`, or `at` when none does there.
std::size_t after_comment(std::string_view script, std::size_t at) {
    if (script.substr(at, 2) == "--") return std::min(script.find('\n', at), script.size());
    if (script.substr(at, 2) != "/*") return at;
    int depth = 0;
    while (at < script.size()) {
        if (script.substr(at, 2) == "/*") {
            ++depth;
            at += 2;
        } else if (script.substr(at, 2) == "*/") {
            at += 2;
            if (--depth == 0) break;
        } else {
            ++at;
        }
    }
    return at;
}

std::size_t first_word(std::string_view script, std::size_t at) {
    for (;;) {
        while (at < script.size() && std::string_view(" \t\r\n\f").find(script[at]) != std::string_view::npos)
            ++at;
        const auto after = after_comment(script, at);
        if (after == at) return at;
        at = after;
    }
}

std::size_t position(const Node& raw, const char* key) {
    const auto* value = raw.if_contains(key);
    return value && value->is_int64() ? static_cast<std::size_t>(value->as_int64()) : 0;
}

Statement read_statement(const Node& raw, std::string_view script) {
    const auto from = position(raw, "stmt_location");
    const auto length = position(raw, "stmt_len");
    const auto end = length == 0 ? script.size() : std::min(from + length, script.size());
    const auto begin = std::min(first_word(script, from), end);
    Statement statement{"", {}, std::string(script.substr(begin, end - begin)), line_at(script, begin)};
    if (const auto* wrapper = child(raw, "stmt"); wrapper && !wrapper->empty()) {
        statement.kind = wrapper->begin()->key();
        if (const auto* tree = wrapper->begin()->value().if_object()) statement.tree = *tree;
    }
    return statement;
}

}  // namespace

Script parse(std::string_view text) {
    const std::string script(text);
    const Parsed parsed(script);
    Script out;
    if (const auto* error = parsed.result.error) {
        const auto at = static_cast<std::size_t>(std::max(error->cursorpos, 1)) - 1;
        out.fault = Script::Fault{error->message, line_at(script, at)};
        return out;
    }
    json::parse_options options;
    options.max_depth = deepest_tree;
    boost::system::error_code failed;
    const auto tree = json::parse(parsed.result.parse_tree, failed, {}, options);
    if (failed || !tree.is_object()) {
        out.fault = Script::Fault{"it nests too deep to be read", 1};
        return out;
    }
    for (const auto* raw : list(tree.get_object(), "stmts"))
        out.statements.push_back(read_statement(*raw, script));
    return out;
}

const Node* child(const Node& node, std::string_view key) {
    const auto* value = node.if_contains(key);
    return value ? value->if_object() : nullptr;
}

std::string text(const Node& node, std::string_view key) {
    const auto* value = node.if_contains(key);
    const auto* found = value ? value->if_string() : nullptr;
    return found ? std::string(found->data(), found->size()) : std::string();
}

bool flag(const Node& node, std::string_view key) {
    const auto* value = node.if_contains(key);
    return value && value->is_bool() && value->get_bool();
}

std::vector<const Node*> list(const Node& node, std::string_view key) {
    std::vector<const Node*> nodes;
    const auto* value = node.if_contains(key);
    if (!value || !value->is_array()) return nodes;
    for (const auto& one : value->get_array())
        if (const auto* object = one.if_object()) nodes.push_back(object);
    return nodes;
}

std::vector<std::string> names(const Node& node, std::string_view key) {
    std::vector<std::string> found;
    for (const auto* one : list(node, key))
        if (const auto* string = as(one, "String")) found.push_back(text(*string, "sval"));
    return found;
}

const Node* as(const Node* wrapper, std::string_view kind) {
    return wrapper ? child(*wrapper, kind) : nullptr;
}

void walk(const Node& node, const std::function<void(std::string_view, const Node&)>& visit) {
    for (const auto& member : node) {
        const std::string_view key(member.key().data(), member.key().size());
        if (const auto* inside = member.value().if_object()) {
            const bool kind = !key.empty() && key.front() >= 'A' && key.front() <= 'Z';
            if (kind) visit(key, *inside);
            walk(*inside, visit);
        }
        for (const auto* inside : list(node, key)) walk(*inside, visit);
    }
}

bool sets(const Statement& statement, std::string_view parameter) {
    if (statement.kind == "VariableSetStmt") return text(statement.tree, "name") == parameter;
    bool found = false;
    walk(statement.tree, [&](std::string_view kind, const Node& node) {
        if (kind != "FuncCall" || names(node, "funcname") != std::vector<std::string>{"set_config"}) return;
        const auto arguments = list(node, "args");
        const auto* constant = arguments.empty() ? nullptr : as(arguments[0], "A_Const");
        const auto* string = constant ? child(*constant, "sval") : nullptr;
        found = found || (string && text(*string, "sval") == parameter);
    });
    return found;
}

}  // namespace bb::db::sql
