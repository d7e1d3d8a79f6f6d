#include "operations/safety/loaded_backup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/db/migrate.hpp"
#include "base/db/schema_range.hpp"
#include "operations/safety/newest_rows.hpp"
#include "operations/safety/one_at_a_time.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/snapshot.hpp"
#include "services/blobs/disk_store.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

const Part& part_of(const Manifest& manifest, std::string_view name) {
    for (const auto& part : manifest.parts)
        if (part.name == name) return part;
    throw std::runtime_error(fmt::format("the backup {} has no part {}", manifest.id, name));
}

/// Tells how much of a part was read.
class Watched : public http::FileSource {
public:
    Watched(std::shared_ptr<http::FileSource> source, const Progress& progress, const Part& part)
        : source_(std::move(source)), progress_(progress), part_(part) {}

    std::size_t read(char* into, std::size_t room) override {
        const auto got = source_->read(into, room);
        progress_(part_.name, done_ += got, part_.bytes);
        return got;
    }

private:
    std::shared_ptr<http::FileSource> source_;
    const Progress& progress_;
    const Part& part_;
    std::uint64_t done_ = 0;
};

// A server that cannot write its log any more goes down, the live one too: it is never taken.
constexpr std::uint64_t reserve = 64u << 20;
constexpr std::uint64_t most_log = 1u << 30;  // max_wal_size of a private database

std::uint64_t free_of(const Installation& at) {
    return fs::space(at.data).available;
}

/// Called while something is waited for, and while rows are loaded.
void watch_disk(const Installation& at) {
    at.watch();
    if (!at.managed || free_of(at) >= reserve) return;
    throw std::runtime_error(fmt::format(
        "The disk of {} is nearly full, and the live database needs what is left. Nothing was changed. "
        "Make room, then try again.",
        at.data.string()));
}

/// What is brought back lies beside what is there until they change places. A physical backup has looked
/// itself.
const RestoreSource& with_room(const RestoreSource& source, const Installation& at) {
    if (source.recovered) return source;
    std::uint64_t wanted = reserve;
    for (const auto& part : source.backup.manifest->parts) {
        if (part.name != "database")
            wanted += part.bytes;
        else if (at.managed)  // with indexes, and the log of the load
            wanted += part.bytes + part.bytes / 3 + std::min(part.bytes, most_log);
    }
    const auto free = free_of(at);
    if (free >= wanted) return source;
    throw std::runtime_error(fmt::format(
        "There is no room to restore in {}: {} MB are free, about {} MB are needed. Nothing was touched. "
        "Make room, or restore elsewhere (--into FOLDER).",
        at.data.string(), free >> 20, wanted >> 20));
}

}  // namespace

LoadedBackup::LoadedBackup(const Installation& at, const RestoreSource& source, const Into& into)
    : at_(at),
      source_(with_room(source, at)),
      manifest_(*source.backup.manifest),
      database_(at.conninfo, into.live_is_empty, [this] { watch_disk(at_); }),
      stores_(into.files),
      files_(at.data, stores_) {}

std::shared_ptr<http::FileSource> LoadedBackup::open(std::string_view name) const {
    return std::make_shared<Watched>(open_part(source_.backup, name, source_.key), at_.progress,
                                     part_of(manifest_, name));
}

void LoadedBackup::load() {
    files_.unpack(open("files"));
    // While rows are loaded, which keeps one processor busy.
    auto expected = std::async(std::launch::async, [this] { return expect_schema(); });
    load_database();
    auto analyzed = std::async(std::launch::async, [this] { database_.analyze(); });
    check_rows();
    migrate(analyzed, expected.get());
    if (analyzed.valid()) analyzed.get();
    if (source_.recovered) take_later_files();
}

void LoadedBackup::take_later_files() {
    std::set<RestoredFiles::Stored> wanted;
    each_named_file([&](const RestoredFiles::Stored& file) {
        if (!files_.holds(file)) wanted.insert(file);
    });
    take_files(at_, source_.nearby, std::move(wanted), files_);
}

void LoadedBackup::load_database() {
    if (!source_.recovered) return database_.load(*open("database"), manifest_.postgres);
    const auto dump = source_.recovered->dump();
    database_.load(*dump, manifest_.postgres);
    dump->finish();
}

void LoadedBackup::check_rows() {
    db::Session session(database_.conninfo());
    const auto found = database_.rows(session);
    for (const auto& [table, rows] : manifest_.rows) {
        const auto there = found.find(table);
        if (there != found.end() && there->second == rows) continue;
        throw std::runtime_error(
            fmt::format("The restored database is not whole: {} should have {} rows and "
                        "has {}. Nothing was replaced.",
                        table, rows, there == found.end() ? 0 : there->second));
    }
}

void LoadedBackup::each_named_file(const std::function<void(const RestoredFiles::Stored&)>& use) {
    db::Session session(database_.conninfo());
    RestoredFiles::Stored file;
    for (;;) {
        const auto page = session.query(at_.files_sql, file.owner, file.digest);
        if (page.empty()) return;
        for (const auto row : page) {
            file = {row.get<Uuid>(0), row.get<crypto::Digest>(1)};
            use(file);
        }
    }
}

std::uint64_t LoadedBackup::count_missing_files() {
    std::uint64_t missing = 0;
    const auto there = files_.names();
    each_named_file([&](const auto& file) { missing += !there.contains(file); });
    return missing;
}

/// The schema as it has to be after migrate(), or nothing when that cannot be told yet.
std::optional<db::Expected> LoadedBackup::expect_schema() const {
    const auto migrations = embedded::embedded_migrations();
    try {
        db::Session session(database_.conninfo());
        const int last = std::max(manifest_.schema, db::newest_needed(migrations));
        return db::Expected{last, db::expected_catalog(session, migrations, last)};
    } catch (const std::runtime_error&) {
        return std::nullopt;  // it is made when it is needed, and what was wrong is told then
    }
}

/// Migrations would wait for the locks of who gathers statistics.
void LoadedBackup::migrate(std::future<void>& analyzed, std::optional<db::Expected> expected) {
    db::Session session(database_.conninfo());
    db::Migrator migrator(session, embedded::embedded_migrations());
    if (migrator.current() < db::schema_max) analyzed.get();
    const auto tell = [this](const db::Migration& one) {
        at_.say(fmt::format("Applying migration {} ({}) to what was restored.", one.number, one.name));
    };
    const auto applied = migrator.migrate(tell, db::Phases::needed);
    if (!applied) throw std::runtime_error(applied.error().detail);
    const auto differences = db::verify_schema(session, embedded::embedded_migrations(), std::move(expected));
    // What somebody has added of their own came along, and harms nothing.
    for (const auto& one : differences)
        if (one.expected)
            throw std::runtime_error(
                fmt::format("The restored schema is not as the migrations make it: {} "
                            "differs. Nothing was replaced.",
                            one.object));
}

void use_aside(const Installation& at, const RestoreSource& source,
               const std::function<void(LoadedBackup&)>& use) {
    struct Folder {
        fs::path path;
        ~Folder() {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
    };
    const auto turn = one_at_a_time(at.data, "restore");  // also while the folder goes
    const Folder folder{at.data / "files.aside"};
    fs::remove_all(folder.path);
    std::vector<std::shared_ptr<blobs::Store>> own = {std::make_shared<blobs::DiskStore>(folder.path)};
    auto files = std::make_shared<const blobs::Stores>(std::move(own));
    LoadedBackup loaded(at, source, LoadedBackup::Into{false, std::move(files)});
    loaded.load();
    {
        db::Session session(loaded.database().conninfo());
        check_newest_rows(session, *source.backup.manifest);
    }
    loaded.files().add_missing();
    use(loaded);
}

}  // namespace bb::safety
