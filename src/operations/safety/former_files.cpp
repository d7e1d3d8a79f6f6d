#include "operations/safety/former_files.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include "base/db/session.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

using blobs::Stored;

// As long as an upload takes at most from its last byte to its row.
constexpr std::chrono::hours least_age{1};

std::set<Stored> named_by(const std::string& conninfo, const char* files_sql) {
    db::Session session(conninfo);
    std::set<Stored> named;
    for (Stored last;;) {
        const auto page = session.query(files_sql, last.owner, last.digest);
        if (page.empty()) return named;
        for (const auto row : page) {
            last = {row.get<Uuid>(0), row.get<crypto::Digest>(1)};
            named.insert(last);
        }
    }
}

void forget_named(std::set<Stored>& files, const std::string& conninfo, const char* files_sql) {
    for (const auto& file : named_by(conninfo, files_sql)) files.erase(file);
}

/// Puts those of a place aside that have lain there for long, and gives them.
std::set<Stored> put_aside(blobs::Store& store, const std::set<Stored>& files) {
    std::set<Stored> aside;
    for (const auto& one : store.list()) {
        if (!files.contains(one.file)) continue;
        if (one.discarded || store.discard(one.file, least_age)) aside.insert(one.file);
    }
    return aside;
}

std::uint64_t count_in(const blobs::Store& store, const std::set<Stored>& files) {
    std::uint64_t count = 0;
    for (const auto& one : store.list()) count += files.contains(one.file);
    return count;
}

}  // namespace

FormerFiles files_named_in(const Installation& at, const std::vector<std::string>& databases) {
    FormerFiles found;
    for (const auto& name : databases) {
        try {
            found.named.merge(named_by(with_database(at.conninfo, name), at.files_sql));
        } catch (const db::SqlError&) {
            found.unread.push_back(name);  // damaged, or of a schema that knows no files
        } catch (const db::Unavailable&) {
            found.unread.push_back(name);  // so damaged that nobody can enter
        }
    }
    return found;
}

ReleasedFiles release_files(const Installation& at, std::set<Stored> files,
                            const std::vector<std::string>& kept) {
    for (const auto& name : kept) forget_named(files, with_database(at.conninfo, name), at.files_sql);
    forget_named(files, at.conninfo, at.files_sql);
    ReleasedFiles released;
    for (const auto& store : at.files->all()) {
        try {
            const auto aside = put_aside(*store, files);
            // A row that came meanwhile was told that its file is there.
            forget_named(files, at.conninfo, at.files_sql);
            for (const auto& file : aside) {
                if (!files.contains(file))
                    store->take_back(file);
                else
                    released.erased += store->erase(file, std::chrono::seconds(0));
            }
            released.left += count_in(*store, files);
        } catch (const db::SqlError&) {
            throw;
        } catch (const db::Unavailable&) {
            throw;
        } catch (const GivenUp&) {
            throw;
        } catch (const std::exception& fault) {
            at.say(fmt::format("{} did not let its files go: {} The server erases them in 30 days.",
                               store->name(), fault.what()));
        }
    }
    return released;
}

}  // namespace bb::safety
