#include "services/blobs/bucket_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <stdexcept>
#include <system_error>

#include "services/blobs/compare.hpp"
#include "services/blobs/s3_objects.hpp"
#include "services/blobs/s3_uploads.hpp"
#include "services/blobs/sealed_file.hpp"
#include "services/blobs/spool.hpp"

namespace bb::blobs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view files_folder = "files/", trash_folder = "trash/", identity_key = "database";
constexpr std::size_t most_identity = 1024;
// Of a listing, each of a thousand objects.
constexpr int most_listed_pages = 10'000;
constexpr std::size_t most_idle_sessions = 8;
constexpr std::chrono::hours keep_unfinished_uploads{24};

/// "<owner>/<digest>" at the start of `name`.
std::optional<Stored> stored_at(std::string_view name) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto owner = Uuid::parse(name.substr(0, slash));
    const auto rest = name.substr(slash + 1);
    const auto digest = crypto::parse_digest(rest.substr(0, rest.find('/')));
    if (!owner || !digest) return std::nullopt;
    return Stored{*owner, *digest};
}

http::FileBody body_of(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "read a file");
    return http::whole_file(http::share_descriptor(fd));
}

bool is_old(const BucketStore::Object& one, std::chrono::seconds age) {
    return one.age.value_or(std::chrono::seconds(0)) >= age;
}

/// Whether the marker stands for what was stored, and not for what was stored before.
bool is_discarded(const BucketStore::Object& stored, const BucketStore::Object& marker) {
    const auto& at = stored.object.stored_at;
    const auto& marked = marker.object.stored_at;
    return !at || !marked || *at <= *marked;
}

}  // namespace

/// Sessions for the threads that ask at the same time.
class BucketStore::Sessions : public std::enable_shared_from_this<Sessions> {
public:
    explicit Sessions(const BucketPlace& place) : place_(place) {}

    /// For one thread, until it lets go of it.
    std::shared_ptr<S3Session> take() {
        std::unique_ptr<S3Session> session;
        {
            const std::lock_guard guard(mutex_);
            if (!idle_.empty()) {
                session = std::move(idle_.back());
                idle_.pop_back();
            }
        }
        if (!session) session = std::make_unique<S3Session>(place_.bucket, place_.ca_file);
        return {session.release(), [pool = shared_from_this()](S3Session* used) {
                    pool->give_back(used);
                }};
    }

private:
    void give_back(S3Session* used) {
        std::unique_ptr<S3Session> session(used);
        const std::lock_guard guard(mutex_);
        if (idle_.size() < most_idle_sessions) idle_.push_back(std::move(session));
    }

    const BucketPlace place_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<S3Session>> idle_;
};

BucketStore::BucketStore(BucketPlace place)
    : place_(std::move(place)),
      prefix_(place_.prefix.empty() ? std::string() : place_.prefix + "/"),
      sessions_(std::make_shared<Sessions>(place_)),
      spool_(std::make_shared<Spool>(place_.spool)) {}

std::string BucketStore::name() const {
    return fmt::format("s3://{}{}{}", place_.bucket.bucket, place_.prefix.empty() ? "" : "/", place_.prefix);
}

std::string BucketStore::place() const {
    std::string_view service = place_.bucket.endpoint;
    while (service.ends_with('/')) service.remove_suffix(1);
    return service.empty() ? name() : fmt::format("{} at {}", name(), service);
}

std::string BucketStore::files_key(const Stored& file) const {
    return fmt::format("{}{}{}/", prefix_, files_folder, name_of(file));
}

std::string BucketStore::trash_key(const Stored& file) const {
    return fmt::format("{}{}{}", prefix_, trash_folder, name_of(file));
}

std::vector<BucketStore::Object> BucketStore::objects(const std::string& prefix) const {
    const auto session = sessions_->take();
    std::vector<Object> found;
    std::string from;
    for (int page = 0; page < most_listed_pages; ++page) {
        auto got = session->must(session->client().list(prefix, {}, from), watch_);
        for (auto& object : got.objects) {
            Object one{std::move(object), std::nullopt};
            if (got.now && one.object.stored_at)
                one.age = std::chrono::duration_cast<std::chrono::seconds>(*got.now - *one.object.stored_at);
            found.push_back(std::move(one));
        }
        if (got.next.empty()) {
            // A bucket lists by name, and the ids of one millisecond are in no order.
            std::stable_sort(found.begin(), found.end(), [](const Object& one, const Object& other) {
                return one.object.stored_at < other.object.stored_at;
            });
            return found;
        }
        from = std::move(got.next);
    }
    throw std::runtime_error(fmt::format(
        "{}: the listing does not end. Is it a part of the bucket for uploaded files alone?", name()));
}

std::optional<BucketStore::Object> BucketStore::marker_of(const Stored& file) const {
    const auto key = trash_key(file);
    for (auto& one : objects(key))
        if (one.object.key == key) return std::move(one);
    return std::nullopt;
}

void BucketStore::store(const Stored& file,
                        const std::function<void(const std::function<void(std::string_view)>&)>& write) {
    S3Writer writer(sessions_->take(), files_key(file) + Uuid::make().text(), watch_);
    write([&writer](std::string_view bytes) { writer.write(bytes); });
    writer.finish();
}

void BucketStore::put(const Uuid& owner, const crypto::Digest& digest, http::FileSource& content,
                      const secrets::Key& key) {
    const Stored file{owner, digest};
    store(file, [&](const auto& sink) { seal_file(key, name_of(file), content, sink); });
}

void BucketStore::put_sealed(const Stored& file, http::FileSource& sealed) {
    store(file, [&](const auto& sink) { copy_all(sealed, sink); });
}

void BucketStore::put_file(const Stored& file, const fs::path& sealed, const secrets::Key&) {
    put_sealed(file, *body_of(sealed).source);
}

http::SharedDescriptor BucketStore::spooled(const Uuid& owner, const client::S3Object& object) const {
    // What has another ETag is another file.
    const auto name = object.key + '\n' + object.etag;
    return spool_->file(owner, name, object.bytes, [this, &object](const auto& sink) {
        const auto body = read_s3_object(sessions_->take(), object, watch_);
        copy_all(*body.source, sink);
    });
}

std::optional<http::FileBody> BucketStore::open(const Uuid& owner, const crypto::Digest& digest,
                                                const std::optional<secrets::Key>& key) const {
    const Stored stored{owner, digest};
    auto found = objects(files_key(stored));
    // The last comes first; one that was sealed otherwise leaves the next.
    for (auto one = found.rbegin(); one != found.rend(); ++one) {
        try {
            auto file = spooled(owner, one->object);
            auto body = key ? open_sealed_file(std::move(file), *key, name_of(stored))
                            : http::whole_file(std::move(file));
            if (body) return body;
        } catch (const Absent&) {
            // Removed since it was listed.
        }
    }
    return std::nullopt;
}

bool BucketStore::has(const Stored& file) const {
    return !objects(files_key(file)).empty();
}

void BucketStore::must_take(const fs::path& from) const {
    if (begins_sealed(*body_of(from).source)) return;
    throw std::runtime_error(fmt::format(
        "A file of the backup is from before files were sealed, and would lie in {} for all to "
        "read. Restore it onto the disk, without S3_BUCKET, start the server there for two hours, "
        "which seals it, and move the files then: brainbytes blobs move --to s3.",
        name()));
}

void BucketStore::adopt(const Stored& file, const fs::path& from, Adopt which) {
    must_take(from);
    const auto body = body_of(from);
    const auto found = objects(files_key(file));
    if (which == Adopt::missing && !found.empty()) {
        if (found.back().object.bytes != body.size) return;
        const auto live = read_s3_object(sessions_->take(), found.back().object, watch_);
        if (!is_same(*live.source, *body.source)) return;
        take_back(file);
    } else {
        put_sealed(file, *body.source);
    }
    ::unlink(from.c_str());
}

std::vector<Store::Listed> BucketStore::list() const {
    std::map<Stored, Object> stored;
    for (auto& one : objects(key_of(files_folder)))
        if (const auto file = stored_at(one.object.key.substr(prefix_.size() + files_folder.size())))
            stored.insert_or_assign(*file, std::move(one));
    std::map<Stored, Object> markers;
    for (auto& one : objects(key_of(trash_folder)))
        if (const auto file = stored_at(one.object.key.substr(prefix_.size() + trash_folder.size())))
            markers.emplace(*file, std::move(one));
    std::vector<Listed> found;
    for (const auto& [file, one] : stored) {
        const auto marker = markers.find(file);
        const bool discarded = marker != markers.end() && is_discarded(one, marker->second);
        const auto age = discarded ? marker->second.age : one.age;
        found.push_back({file, one.object.bytes,
                         std::max(age.value_or(std::chrono::seconds(0)), std::chrono::seconds(0)),
                         discarded});
    }
    return found;
}

bool BucketStore::discard(const Stored& file, std::chrono::seconds age) {
    const auto found = objects(files_key(file));
    if (found.empty() || !is_old(found.back(), age)) return false;
    const auto session = sessions_->take();
    session->must(session->client().put(trash_key(file), std::make_shared<const std::string>()), watch_);
    return true;
}

bool BucketStore::take_back(const Stored& file) {
    const bool there = marker_of(file).has_value();
    if (there) remove_key(trash_key(file));
    return there;
}

bool BucketStore::erase(const Stored& file, std::chrono::seconds age) {
    const auto marker = marker_of(file);
    if (!marker || !is_old(*marker, age)) return false;
    bool erased = false;
    for (const auto& one : objects(files_key(file))) {
        if (!is_discarded(one, *marker)) continue;
        remove_key(one.object.key);
        erased = true;
    }
    remove_key(trash_key(file));
    return erased;
}

void BucketStore::remove(const Stored& file) {
    for (const auto& one : objects(files_key(file))) remove_key(one.object.key);
    remove_key(trash_key(file));
}

void BucketStore::erase_owner(const Uuid& owner) {
    for (const auto folder : {files_folder, trash_folder}) {
        const auto under = fmt::format("{}{}{}/", prefix_, folder, owner.text());
        abort_uploads(under, std::chrono::seconds(0));
        for (const auto& one : objects(under)) remove_key(one.object.key);
    }
}

void BucketStore::remove_key(const std::string& key) const {
    const auto session = sessions_->take();
    session->must(session->client().remove(key), watch_);
}

std::size_t BucketStore::abort_uploads(const std::string& under, std::chrono::seconds age) const {
    const auto session = sessions_->take();
    std::size_t aborted = 0;
    for (auto& one : unfinished_uploads(*session, under, watch_)) {
        if (one.age.value_or(std::chrono::seconds(0)) < age) continue;
        session->must(session->client().abort_upload(std::move(one)), watch_);
        ++aborted;
    }
    return aborted;
}

std::vector<Store::Unfinished> BucketStore::unfinished() const {
    const auto session = sessions_->take();
    const auto folder = key_of(files_folder);
    std::vector<Unfinished> found;
    for (const auto& upload : unfinished_uploads(*session, folder, watch_)) {
        const auto below = upload.key.substr(std::min(folder.size(), upload.key.size()));
        const auto file = stored_at(below);
        found.push_back({file ? name_of(*file) : below, upload.age});
    }
    return found;
}

std::size_t BucketStore::remove_leftovers(std::chrono::seconds age) {
    std::size_t removed =
        abort_uploads(key_of(files_folder), std::max<std::chrono::seconds>(age, keep_unfinished_uploads));
    std::map<Stored, Object> last;
    for (auto& one : objects(key_of(files_folder))) {
        const auto file = stored_at(one.object.key.substr(prefix_.size() + files_folder.size()));
        if (!file) continue;
        const auto [before, is_first] = last.try_emplace(*file, one);
        if (is_first) continue;
        // The file was stored again since.
        if (is_old(before->second, age)) {
            remove_key(before->second.object.key);
            ++removed;
        }
        before->second = std::move(one);
    }
    for (const auto& one : objects(key_of(trash_folder))) {
        const auto file = stored_at(one.object.key.substr(prefix_.size() + trash_folder.size()));
        const auto stored = file ? last.find(*file) : last.end();
        if (!file || !is_old(one, age) || (stored != last.end() && is_discarded(stored->second, one)))
            continue;
        remove_key(one.object.key);
        ++removed;
    }
    return removed;
}

std::string BucketStore::database() const {
    const auto session = sessions_->take();
    auto text = session->ask(session->client().get(key_of(identity_key), most_identity), watch_);
    if (text) return std::move(*text);
    if (text.error().code == ErrorCode::not_found) return {};
    S3Session::fail(text.error());
}

void BucketStore::set_database(std::string_view identity) {
    const auto session = sessions_->take();
    session->must(session->client().put(key_of(identity_key), std::make_shared<const std::string>(identity)),
                  watch_);
}

}  // namespace bb::blobs
