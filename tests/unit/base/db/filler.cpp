#include "unit/base/db/filler.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

namespace bb::test {
namespace {

using Names = std::vector<std::string>;

constexpr int rows_each = 3;
constexpr int tries_for_one = 400;
constexpr int tries_for_more = 40;

constexpr const char* tables_sql =
    "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r' AND c.relname <> 'schema_migrations' "
    "AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";
constexpr const char* columns_sql =
    "SELECT quote_ident(a.attname), format_type(a.atttypid, NULL), NOT a.attnotnull, a.atthasdef, "
    "coalesce((SELECT string_agg(pg_get_constraintdef(k.oid), ' ') FROM pg_constraint k WHERE k.conrelid = "
    "a.attrelid "
    "AND k.contype = 'c' AND a.attnum = ANY (k.conkey)), '') "
    "|| coalesce(pg_get_partition_constraintdef(a.attrelid), '') "
    "FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped "
    "AND a.attidentity = '' AND a.attgenerated = '' ORDER BY a.attnum";
constexpr const char* keys_sql =
    "SELECT k.confrelid::regclass::text, array_agg(quote_ident(a.attname)::text ORDER BY p.n), "
    "array_agg(quote_ident(b.attname)::text ORDER BY p.n) FROM pg_constraint k "
    "CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS p (child, parent, n) "
    "JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.child "
    "JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = p.parent "
    "WHERE k.contype = 'f' AND k.conrelid = to_regclass($1) GROUP BY k.oid, k.confrelid ORDER BY 1, 2";

struct Column {
    std::string name, type;
    bool nullable, has_default;
    std::string checks;
};

struct Key {
    std::string parent;
    Names columns, parent_columns;
};

class Filler {
public:
    explicit Filler(db::Session& session) : session_(session) {}

    Names fill() {
        std::set<std::string> left;
        for (auto& table : tables_of(session_)) left.insert(table);
        while (!left.empty()) fill_one(left);
        return std::move(empty_);
    }

private:
    /// A table whose parents are filled, or any in a ring.
    void fill_one(std::set<std::string>& left) {
        auto next = *left.begin();
        for (const auto& table : left) {
            bool ready = true;
            for (const auto& key : keys(table))
                ready = ready && (key.parent == table || !left.count(key.parent));
            if (ready) {
                next = table;
                break;
            }
        }
        left.erase(next);
        fill_table(next);
    }

    void fill_table(const std::string& table) {
        const auto is_empty = [&] {
            return session_.query(fmt::format("SELECT FROM {} LIMIT 1", table)).empty();
        };
        int made = 0;
        bool empty = is_empty();
        for (int tries = 0; made < rows_each && tries < (empty ? tries_for_one : tries_for_more); ++tries)
            if (insert(table)) {
                ++made;
                empty = false;
            }
        if (empty) empty_.push_back(table);
    }

    bool insert(const std::string& table) {
        std::map<std::string, std::string> values;
        for (const auto& column : columns(table)) {
            if (column.has_default && chance(2)) continue;
            values[column.name] = column.nullable && chance(2) ? "NULL" : value(column);
        }
        for (const auto& key : keys(table)) point(key, values);
        Names names, literals;
        for (const auto& [name, literal] : values) {
            names.push_back(name);
            literals.push_back(literal);
        }
        try {
            session_.script(fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(names, ", "),
                                        fmt::join(literals, ", ")));
            return true;
        } catch (const db::SqlError&) {
            return false;  // the next try has other values
        }
    }

    /// Takes the columns of a foreign key from one row of the parent.
    void point(const Key& key, std::map<std::string, std::string>& values) {
        for (const auto& column : key.columns)
            if (values[column] == "NULL") return;
        Names parts;
        for (const auto& column : key.parent_columns)
            parts.push_back(fmt::format("quote_nullable({})", column));
        const auto rows = session_.query(
            fmt::format("SELECT ARRAY[{}] FROM {} ORDER BY 1", fmt::join(parts, ", "), key.parent));
        if (rows.empty()) return;
        const auto chosen =
            rows[static_cast<int>(random_() % static_cast<unsigned>(rows.size()))].get<Names>(0);
        for (std::size_t i = 0; i < key.columns.size(); ++i) values[key.columns[i]] = chosen[i];
    }

    std::string value(const Column& column) {
        const auto words = quoted_in(column.checks);
        if (!words.empty() && (column.type == "text" || chance(2))) {
            const auto word = words[random_() % words.size()];
            if (column.type == "text") return chance(4) ? any(column) : word;
            if (column.type == "text[]") return fmt::format("ARRAY[{}]", word);
        }
        return any(column);
    }

    std::string any(const Column& column) {
        const int number = ++count_;
        if (column.type == "uuid") return "gen_random_uuid()";
        if (column.type == "boolean") return chance(2) ? "true" : "false";
        if (column.type == "bytea") {
            const auto length = std::atoi(numbers_in(column.checks).c_str());
            return fmt::format("substring(sha256('{}') FROM 1 FOR {})", number,
                               length > 8  ? length
                               : chance(2) ? 8
                                           : 32);
        }
        if (column.type == "jsonb")
            return chance(3) ? fmt::format("'[{}]'", number) : fmt::format("'{{\"n\": {}}}'", number);
        if (column.type == "double precision" || column.type == "real" || column.type == "numeric")
            return fmt::format("{}.5", number);
        if (column.type == "date") return fmt::format("date '2026-01-01' + {}", number % 300);
        if (column.type.rfind("timestamp", 0) == 0)
            return fmt::format("now() + interval '{} minutes'", number);
        if (column.type == "text[]") return "'{}'";
        if (column.type == "integer" || column.type == "bigint" || column.type == "smallint")
            return numbers_in(column.checks);
        return chance(2) ? fmt::format("'word{}'", number)
                         : fmt::format("'word.w{}'", std::string(3, letter()));
    }

    char letter() { return static_cast<char>('a' + random_() % 26); }
    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    /// Any number, but one that a check names when it names some.
    std::string numbers_in(const std::string& checks) {
        Names found;
        for (std::size_t at = 0; at < checks.size(); ++at) {
            if (!isdigit(static_cast<unsigned char>(checks[at]))) continue;
            const auto end = checks.find_first_not_of("0123456789", at);
            const bool negative = at > 0 && checks[at - 1] == '-';
            found.push_back((negative ? "-" : "") + checks.substr(at, end - at));
            at = end;
        }
        if (!found.empty() && chance(2)) return found[random_() % found.size()];
        return std::to_string(random_() % 9);
    }

    static Names quoted_in(const std::string& checks) {
        Names found;
        for (auto at = checks.find('\''); at != std::string::npos; at = checks.find('\'', at)) {
            const auto end = checks.find('\'', at + 1);
            if (end == std::string::npos) break;
            found.push_back(checks.substr(at, end - at + 1));
            at = end + 1;
        }
        return found;
    }

    std::vector<Column>& columns(const std::string& table) {
        auto& found = columns_[table];
        if (found.empty())
            for (const auto row : session_.query(columns_sql, table))
                found.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<bool>(2),
                                 row.get<bool>(3), row.get<std::string>(4)});
        return found;
    }

    const std::vector<Key>& keys(const std::string& table) {
        const auto [found, fresh] = keys_.try_emplace(table);
        if (fresh)
            for (const auto row : session_.query(keys_sql, table))
                found->second.push_back({row.get<std::string>(0), row.get<Names>(1), row.get<Names>(2)});
        return found->second;
    }

    db::Session& session_;
    std::minstd_rand random_{1};
    int count_ = 0;
    Names empty_;
    std::map<std::string, std::vector<Column>> columns_;
    std::map<std::string, std::vector<Key>> keys_;
};

}  // namespace

std::vector<std::string> tables_of(db::Session& session) {
    Names found;
    for (const auto row : session.query(tables_sql)) found.push_back(row.get<std::string>(0));
    return found;
}

std::vector<std::string> fill_every_table(db::Session& session) {
    return Filler(session).fill();
}

}  // namespace bb::test
