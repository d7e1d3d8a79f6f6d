#include "features/materials/resumable/uploads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "base/core/log.hpp"
#include "base/net/timer.hpp"
#include "features/materials/extract/read.hpp"

namespace bb::materials {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t write_from = 128 * 1024;  // bytes that are sealed and written at once
constexpr milliseconds wait_step{50};
constexpr int wait_steps = 60;  // for another request to let go
constexpr int most_unfinished = 50;
constexpr std::string_view upload_column = "uploads.sealed_key";

constexpr const char* begin_upload_sql =
    "INSERT INTO uploads (id, owner_id, material_id, name, bytes, sealed_key) "
    "SELECT $2, $1, m.id, $4, $5, $6 FROM materials m "
    "WHERE m.owner_id = $1 AND m.id = $3 AND m.deleted_at IS NULL RETURNING created_at";
constexpr const char* unfinished_sql = "SELECT count(*) FROM uploads WHERE owner_id = $1 AND NOT done";
constexpr const char* find_upload_sql =
    "SELECT id, material_id, name, bytes, done, created_at FROM uploads WHERE owner_id = $1 AND id = $2";
constexpr const char* upload_key_sql = "SELECT sealed_key FROM uploads WHERE owner_id = $1 AND id = $2";
// The key of its pieces goes: from here on only the file's own key opens it.
constexpr const char* upload_done_sql =
    "UPDATE uploads SET done = true, sealed_key = $3 WHERE owner_id = $1 AND id = $2 AND NOT done";
constexpr const char* remove_upload_sql = "DELETE FROM uploads WHERE owner_id = $1 AND id = $2";
constexpr const char* erase_uploads_sql = "DELETE FROM uploads WHERE owner_id = $1";
constexpr const char* sweep_uploads_sql = "DELETE FROM uploads WHERE created_at < $1";

Upload read_upload_row(const db::Row& row) {
    Upload upload;
    upload.id = row.get<FileId>(0);
    upload.material = row.get<MaterialId>(1);
    upload.name = row.get<std::string>(2);
    upload.bytes = row.get<std::int64_t>(3);
    upload.done = row.get<bool>(4);
    upload.created_at = row.get<Time>(5);
    return upload;
}

Error upload_is_busy() {
    return Error(ErrorCode::conflict, "Another request brings this upload. Try again in a moment.", {}, 1);
}

/// The next bytes of a body, as many as are sealed and written at once; empty at its end.
Task<void> gather(http::BodyReader& pieces, std::string& bytes) {
    bytes.clear();
    std::string piece;
    while (bytes.size() < write_from) {
        co_await pieces.next(piece);
        if (piece.empty()) break;
        if (bytes.empty())
            std::swap(bytes, piece);
        else
            bytes += piece;
    }
}

std::string read_to_end(http::FileSource& source, std::int64_t bytes) {
    std::string text(static_cast<std::size_t>(bytes), '\0');
    text.resize(http::read_full(source, text.data(), text.size()));
    return text;
}

/// Removes files that nobody has written to since `before`, and folders that are left empty.
void remove_older(const std::filesystem::path& folder, std::chrono::hours age) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const auto before = fs::file_time_type::clock::now() - age;
    for (const auto& owner : fs::directory_iterator(folder, ignored)) {
        for (const auto& file : fs::directory_iterator(owner.path(), ignored))
            if (file.last_write_time(ignored) < before) fs::remove(file.path(), ignored);
        fs::remove(owner.path(), ignored);  // does nothing unless it is empty
    }
}

}  // namespace

const secrets::SealedColumn upload_key_column{
    upload_column, "SELECT substring(sealed_key FROM 2 FOR 8), count(*) FROM uploads GROUP BY 1",
    "SELECT id, sealed_key FROM uploads WHERE substring(sealed_key FROM 2 FOR 8) <> $1 AND id > $2 "
    "ORDER BY id LIMIT $3 FOR UPDATE",
    "UPDATE uploads SET sealed_key = $2 WHERE id = $1"};

std::filesystem::path Uploads::path_of(UserId owner, FileId id) const {
    return folder_ / owner.text() / id.text();
}

Task<Result<Upload>> Uploads::begin(UserId owner, FileId id, MaterialId material, std::string name,
                                    std::int64_t bytes) {
    const auto checked = check_new_file(name, bytes, bounds_.file);
    if (!checked) co_return checked.error();
    const auto key = secrets::Key::random();
    const secrets::Place place{upload_column, id.value};
    const auto sealed = co_await keys_.seal(place, std::string(key.bytes()));
    const db::Bytes content{sealed};
    auto reserve = [&](db::Transaction& tx) -> Task<Result<Time>> {
        co_await lock_storage(tx, owner);
        const auto unfinished = co_await tx.query(unfinished_sql, owner);
        if (unfinished[0].get<std::int64_t>(0) >= most_unfinished)
            co_return bad_field(
                "#/uploads", fmt::format("{} are unfinished: finish or cancel some first", most_unfinished));
        const auto room = co_await check_room(tx, owner, bytes, bounds_.storage);
        if (!room) co_return room.error();
        const auto rows = co_await tx.query(begin_upload_sql, owner, id, material, *checked, bytes, content);
        if (rows.empty()) co_return not_found("material");
        co_return rows[0].get<Time>(0);
    };
    const auto begun = co_await db_.transaction(reserve);
    if (!begun) co_return begun.error();
    co_return Upload{id, material, *checked, bytes, false, *begun};
}

Task<Result<Upload>> Uploads::find(UserId owner, FileId id) {
    const auto rows = co_await db_.query(find_upload_sql, owner, id);
    if (rows.empty()) co_return not_found("upload");
    co_return read_upload_row(rows[0]);
}

Task<Result<secrets::Key>> Uploads::key_of(UserId owner, FileId id) {
    const auto rows = co_await db_.query(upload_key_sql, owner, id);
    if (rows.empty()) co_return not_found("upload");
    const secrets::Place place{upload_column, id.value};
    const auto opened = co_await keys_.open(place, rows[0].get<std::string>(0));
    const auto key = secrets::Key::from_bytes(opened.value_or(std::string()));
    if (!key) co_return not_found("upload");  // its key is lost: it can only be begun anew
    co_return *key;
}

Task<Result<blobs::PartialFile>> Uploads::open(UserId owner, Upload upload) {
    const auto key = co_await key_of(owner, upload.id);
    if (!key) co_return key.error();
    const auto path = path_of(owner, upload.id);
    const blobs::PartialFile::Of of{upload.id.value, static_cast<std::uint64_t>(upload.bytes)};
    auto attempt = [&] {
        return blobs::PartialFile::open(path, of, *key);
    };
    for (int step = 0; step < wait_steps; ++step) {
        auto file = co_await files_.pool().run(attempt);
        if (file) co_return std::move(*file);
        // A connection that broke unseen holds it for a while: whoever comes back is the one to go on.
        running_.stop(upload.id);
        co_await net::sleep_for(wait_step);
    }
    co_return upload_is_busy();
}

Task<Result<std::int64_t>> Uploads::offset(UserId owner, Upload upload) {
    if (upload.done) co_return upload.bytes;
    const auto path = path_of(owner, upload.id);
    auto measure = [&path, &upload] {
        return static_cast<std::int64_t>(
            blobs::PartialFile::size_of(path, static_cast<std::uint64_t>(upload.bytes)));
    };
    const auto bytes = co_await files_.pool().run(std::move(measure));
    if (bytes < upload.bytes) {
        // What is still on its way would move the offset under whoever goes on from here.
        running_.stop(upload.id);
        co_return bytes;
    }
    auto file = co_await open(owner, upload);
    if (!file) co_return file.error();
    const auto finished = co_await finish(owner, upload, *file);
    if (!finished) co_return finished.error();
    co_return upload.bytes;
}

Task<void> Uploads::write(blobs::PartialFile& file, const std::string& bytes) {
    auto work = [&file, &bytes] {
        file.append(bytes);
    };
    co_await files_.pool().run(std::move(work));
}

Task<Result<>> Uploads::take(blobs::PartialFile& file, std::int64_t most, http::BodyReader& pieces) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto left = most - static_cast<std::int64_t>(file.size());
    std::string came, written;
    co_await gather(pieces, came);
    while (!came.empty()) {
        left -= static_cast<std::int64_t>(came.size());
        if (left < 0) break;
        std::swap(came, written);
        co_await (write(file, written) && gather(pieces, came));
    }
    auto keep = [&file] {
        file.sync();
    };
    co_await files_.pool().run(std::move(keep));
    if (left < 0) co_return Error(ErrorCode::too_large, "More bytes came than Upload-Length said.");
    co_return Result<>();
}

Task<Result<std::int64_t>> Uploads::append(UserId owner, Upload upload, std::int64_t offset,
                                           http::BodyReader& pieces) {
    const auto elsewhere = [](std::int64_t at) {
        return Error(ErrorCode::conflict, fmt::format("{} bytes are here: go on from there.", at));
    };
    if (upload.done) {
        if (offset == upload.bytes) co_return offset;
        co_return elsewhere(upload.bytes);
    }
    auto file = co_await open(owner, upload);
    if (!file) co_return file.error();
    const auto seat = running_.take(owner, upload.id, pieces.stopper());
    if (!seat)
        co_return Error(ErrorCode::rate_limited, "Too many uploads run at once. Let some of them end.", {},
                        2);
    const auto there = static_cast<std::int64_t>(file->size());
    if (there != offset) co_return elsewhere(there);
    auto taken = co_await take(*file, upload.bytes, pieces);
    if (!taken) co_return taken.error();
    if (file->is_whole()) {
        auto finished = co_await finish(owner, upload, *file);
        if (!finished) co_return finished.error();
    }
    co_return static_cast<std::int64_t>(file->size());
}

Task<Result<NewFile>> Uploads::stored(UserId owner, const Upload& upload, blobs::PartialFile& content) {
    NewFile file;
    file.name = upload.name;
    file.media_type = std::string(extract::media_type_of_name(upload.name));
    file.bytes = upload.bytes;
    if (is_kept_as_text(upload.name)) {
        auto read = [&]() -> Result<std::optional<std::string>> {
            const auto bytes = read_to_end(*content.content(), upload.bytes);
            http::Part part;
            part.file_name = upload.name;
            part.content = bytes;
            const auto checked = check_upload(part);
            if (!checked) return checked.error();
            std::optional<std::string> text;
            if (checked->text) text = std::string(*checked->text);
            return text;
        };
        auto text = co_await files_.pool().run(std::move(read));
        if (!text) co_return text.error();
        file.text = std::move(*text);
    }
    file.digest = co_await files_.put_partial(owner.value, content);
    co_return file;
}

Task<Result<>> Uploads::finish(UserId owner, Upload upload, blobs::PartialFile& content) {
    const secrets::Place place{upload_column, upload.id.value};
    const auto nothing = co_await keys_.seal(place, std::string(secrets::Key::random().bytes()));
    const db::Bytes content_key{nothing};
    Files files(db_, files_.pool());
    const auto known = co_await files.find(owner, upload.material, upload.id);
    if (known) {  // by a server that did not do both at once
        co_await db_.query(upload_done_sql, owner, upload.id, content_key);
    } else {
        auto file = co_await stored(owner, upload, content);
        if (!file) {
            co_await forget(owner, upload.id);  // it cannot become a file: nothing to go on with
            co_return file.error();
        }
        std::vector<NewFile> one;
        one.push_back(std::move(*file));
        // The room it has reserved becomes that of the file: gone with a row that was removed meanwhile.
        const Admission redeem = [&](db::Transaction& tx, std::vector<Content>) -> Task<Result<>> {
            const auto rows = co_await tx.query(upload_done_sql, owner, upload.id, content_key);
            if (rows.affected() == 0) co_return not_found("upload");
            co_return Result<>();
        };
        const auto made = co_await files.create(owner, upload.material, upload.id, std::move(one), redeem);
        if (!made) co_return made.error();
    }
    co_await remove_pieces(owner, upload.id);
    co_return Result<>();
}

Task<void> Uploads::remove_pieces(UserId owner, FileId id) {
    auto clear = [path = path_of(owner, id)] {
        blobs::PartialFile::remove(path);
    };
    co_await files_.pool().run(std::move(clear));
}

Task<void> Uploads::forget(UserId owner, FileId id) {
    co_await db_.query(remove_upload_sql, owner, id);
    co_await remove_pieces(owner, id);
}

Task<void> Uploads::remove(UserId owner, FileId id) {
    running_.stop(id);
    co_await forget(owner, id);
}

Task<void> Uploads::erase_owner(UserId owner) {
    co_await db_.query(erase_uploads_sql, owner);
    auto clear = [path = folder_ / owner.text()] {
        std::filesystem::remove_all(path);
    };
    co_await files_.pool().run(std::move(clear));
}

Task<void> Uploads::sweep_of_any_owner() {
    const Time before = now() - keep_uploads;
    co_await db_.query(sweep_uploads_sql, before);
    // A file that waits for its end is written to for as long as its row is there.
    auto clear = [folder = folder_] {
        remove_older(folder, keep_uploads);
    };
    co_await files_.pool().run(std::move(clear));
}

Task<void> keep_sweeping(Uploads& uploads) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        try {
            co_await uploads.sweep_of_any_owner();
        } catch (const std::exception& failure) {
            log::warn("unfinished uploads are left for later", {{"reason", failure.what()}});
        }
        co_await net::sleep_for(std::chrono::hours(1));
    }
}

}  // namespace bb::materials
