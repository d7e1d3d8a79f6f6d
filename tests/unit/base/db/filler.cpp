#include "unit/base/db/filler.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "unit/base/db/made_up_values.hpp"

namespace bb::test {
namespace {

using Names = std::vector<std::string>;

constexpr int rows_each = 3;
constexpr int tries_for_one = 2000;
constexpr int tries_for_more = 15;

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

// Texts that the program keeps short where no check does, and migrations put into an index: "Firefox on
// Linux".
const std::set<std::pair<std::string, std::string>> short_by_the_program = {{"sessions", "device"},
                                                                            {"sessions", "network"}};
constexpr std::size_t short_text = 100;

struct Key {
    std::string parent;
    Names columns, parent_columns;
};

class Filler {
public:
    Filler(db::Session& session, unsigned seed) : session_(session), values_(seed) {}

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
            if (insert(table, tries)) {
                ++made;
                empty = false;
            }
        if (empty) empty_.push_back(table);
    }

    /// With ends of types in half of the columns at first, and fewer where checks refuse them.
    bool insert(const std::string& table, int tries) {
        std::map<std::string, std::string> values;
        for (const auto& column : columns(table)) {
            // An id that PostgreSQL makes is another one each time, and so would be what follows it.
            if (column.has_default && column.type != "uuid" && values_.chance(2)) continue;
            const bool extreme = values_.chance(2 + static_cast<unsigned>(tries) / 8);
            values[column.name] =
                column.nullable && values_.chance(2) ? "NULL" : values_.value(column, extreme);
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
            rows[static_cast<int>(values_.below(static_cast<std::size_t>(rows.size())))].get<Names>(0);
        for (std::size_t i = 0; i < key.columns.size(); ++i) values[key.columns[i]] = chosen[i];
    }

    std::vector<Column>& columns(const std::string& table) {
        auto& found = columns_[table];
        if (found.empty())
            for (const auto row : session_.query(columns_sql, table)) {
                found.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<bool>(2),
                                 row.get<bool>(3), row.get<std::string>(4)});
                if (short_by_the_program.contains({table, found.back().name}))
                    found.back().longest = short_text;
            }
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
    MadeUpValues values_;
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

std::vector<std::string> fill_every_table(db::Session& session, unsigned seed) {
    return Filler(session, seed).fill();
}

}  // namespace bb::test
