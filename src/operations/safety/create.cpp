#include "operations/safety/create.hpp"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "operations/safety/base_backup.hpp"
#include "operations/safety/folder_store.hpp"
#include "operations/safety/newest_rows.hpp"
#include "operations/safety/part.hpp"
#include "operations/safety/room.hpp"
#include "operations/safety/running_tool.hpp"
#include "operations/safety/snapshot.hpp"
#include "operations/safety/tar.hpp"
#include "operations/safety/tools.hpp"

namespace bb::safety {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t sealed_at_once = 256 * 1024;
// What is compared with the free space: dumps of our data take a quarter of the database or less.
constexpr std::uint64_t dump_share = 4;
// A migration may hold a table for some seconds, and no longer.
constexpr const char* lock_wait = "--lock-wait-timeout=60s";
constexpr std::uint64_t least_room_for_dump = 16u << 20;

int workers() {
    return static_cast<int>(std::max(1u, std::min(4u, std::thread::hardware_concurrency())));
}

/// One backup on its way.
class Creation {
public:
    Creation(const Installation& from, const Destination& to, std::string id)
        : from_(from), to_(to), key_(secrets::Key::random()) {
        manifest_.id = std::move(id);
        from_.files->watch_with(from_.watch);
        file_bytes_ = from_.files->bytes();
    }

    Manifest run(const std::vector<PublicKey>& recipients, const std::string& reason, Method method) {
        const auto started = std::chrono::steady_clock::now();
        manifest_.method = method == Method::logical ? "logical" : "physical";
        manifest_.reason = reason;
        manifest_.program = from_.program;
        // The files of a server are of the moment at which their copy ends: what belongs to them is looked up
        // after it.
        if (method == Method::physical) copy_cluster();
        look();
        if (method == Method::logical) {
            check_room(to_, snapshot_->bytes() / dump_share + file_bytes_ + least_room_for_dump);
            dump();
        }
        pack_files();
        for (const auto& recipient : recipients)
            manifest_.keys.push_back(SealedFor{text_of(recipient), seal_key(key_, recipient)});
        manifest_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        to_.commit(manifest_.id, sign_manifest(manifest_, key_));
        return std::move(manifest_);
    }

private:
    void look() {
        snapshot_.emplace(from_.conninfo, from_.watch);
        manifest_.created_at = snapshot_->at();
        manifest_.schema = snapshot_->schema();
        manifest_.postgres = snapshot_->postgres_major();
        manifest_.database = snapshot_->database();
        manifest_.wal_position = snapshot_->wal_position();
    }

    void count(Snapshot& at) {
        manifest_.rows = at.count_rows();
        manifest_.newest_rows = newest_rows(at.session());
    }

    /// Counts what is there as it begins: all of that is in the copy, and the copy is what takes time.
    void copy_cluster() {
        auto counting = std::async(std::launch::async, [this]() {
            Snapshot before(from_.conninfo, from_.watch);
            count(before);
        });
        pack_cluster(from_, to_, key_, workers(), file_bytes_, manifest_);
        counting.get();
    }

    void dump() {
        auto counting = std::async(std::launch::async, [this]() { count(*snapshot_); });
        auto connection = for_tools(from_.conninfo);
        RunningTool dump({tool_path("pg_dump", manifest_.postgres), "--format=custom", "--compress=0",
                          "--no-owner", "--no-privileges", lock_wait, "--snapshot=" + snapshot_->name(),
                          "--dbname=" + connection.conninfo},
                         std::move(connection.environment), RunningTool::Ours::output, from_.watch);
        PartWriter part(to_, "database", manifest_.id, key_, workers());
        std::string chunk(sealed_at_once, '\0');
        std::uint64_t done = 0;
        while (const auto got = http::read_full(dump, chunk.data(), chunk.size())) {
            part.add(std::string_view(chunk).substr(0, got));
            from_.progress("database", done += got, snapshot_->bytes());
        }
        dump.finish();
        manifest_.parts.push_back(part.finish());
        counting.get();
    }

    void pack_files() {
        // Uploaded files are sealed, and compressing what is sealed gains nothing: one thread is enough.
        PartWriter part(to_, "files", manifest_.id, key_, 0);
        TarWriter tar([&part](std::string_view bytes) { part.add(bytes); });
        tar.add("secret", from_.secret);
        for (const auto& [name, file] : from_.settings) tar.add("settings/" + name, read_small_file(file));
        Uuid owner;
        crypto::Digest digest{};
        for (std::uint64_t done = 0;;) {
            const auto page = snapshot_->session().query(from_.files_sql, owner, digest);
            if (page.empty()) break;
            for (const auto row : page) {
                owner = row.get<Uuid>(0);
                digest = row.get<crypto::Digest>(1);
                done += pack_file(tar, owner, digest);
                from_.progress("files", done, file_bytes_);
            }
        }
        tar.finish();
        manifest_.parts.push_back(part.finish());
    }

    /// Bytes of the file.
    std::uint64_t pack_file(TarWriter& tar, const Uuid& owner, const crypto::Digest& digest) {
        const auto name = blobs::name_of({owner, digest});
        const auto body = from_.files->open(owner, digest, std::nullopt);
        if (!body) {
            manifest_.missing_files.push_back(name);
            return 0;
        }
        tar.add("files/" + name, body->size, *body->source);
        ++manifest_.files;
        return body->size;
    }

    const Installation& from_;
    const Destination& to_;
    secrets::Key key_;
    std::optional<Snapshot> snapshot_;
    Manifest manifest_;
    std::uint64_t file_bytes_ = 0;
};

}  // namespace

Manifest create_backup(const Installation& from, const Destination& to,
                       const std::vector<PublicKey>& recipients, const std::string& reason, Method method) {
    to.prepare();
    const auto lock = to.lock();
    to.remove_unfinished();
    const auto id = new_backup_id(now());
    try {
        return Creation(from, to, id).run(recipients, reason, method);
    } catch (...) {
        to.give_up(id);
        throw_on(to);
    }
}

}  // namespace bb::safety
