#include "operations/safety/s3_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "operations/safety/s3_lock.hpp"
#include "services/blobs/s3_objects.hpp"
#include "services/blobs/s3_uploads.hpp"

namespace bb::safety {
namespace {

constexpr std::size_t most_small = 32u << 20;
// Of a listing, each of a thousand objects.
constexpr int most_pages = 10'000;
constexpr const char* lock_name = ".lock";

/// "20261126T071500Z-1a2b3c" of "20261126T071500Z-1a2b3c/database.sealed".
std::string folder_of(std::string_view name) {
    return std::string(name.substr(0, name.find('/')));
}

}  // namespace

S3Store::S3Store(client::S3Options options, std::string prefix, std::string ca_file)
    : options_(std::move(options)),
      prefix_(prefix.empty() ? std::string() : prefix + "/"),
      ca_file_(std::move(ca_file)),
      session_(std::make_shared<S3Session>(options_, ca_file_)),
      seen_lock_(std::make_shared<SeenLock>()) {}

std::string S3Store::name() const {
    auto name = fmt::format("s3://{}/{}", options_.bucket, prefix_);
    name.pop_back();
    return name;
}

std::vector<std::string> S3Store::environment() const {
    using Addressing = client::S3Options::Addressing;
    std::vector<std::string> all = {"S3_REGION=" + options_.region,
                                    "S3_ENDPOINT=" + options_.endpoint,
                                    "S3_ACCESS_KEY_ID=" + options_.credentials.key_id,
                                    "S3_SECRET_ACCESS_KEY=" + options_.credentials.secret,
                                    "S3_SESSION_TOKEN=" + options_.credentials.session_token,
                                    "SSL_CERT_FILE=" + ca_file_};
    if (options_.addressing != Addressing::automatic)
        all.emplace_back(options_.addressing == Addressing::path ? "S3_ADDRESSING=path"
                                                                 : "S3_ADDRESSING=virtual-host");
    return all;
}

void S3Store::prepare() const {
    session_->must(session_->client().list(prefix_, "/", {}), watch_);
}

std::unique_ptr<Store::Lock> S3Store::lock() const {
    return std::make_unique<S3Lock>(*session_, options_, ca_file_, S3Lock::Where{key_of(lock_name), name()},
                                    *seen_lock_, watch_);
}

template <class Use>
void S3Store::each_page(const std::string& prefix, const std::string& delimiter, Use&& use) const {
    std::string from;
    for (int page = 0; page < most_pages; ++page) {
        const auto got = session_->must(session_->client().list(prefix, delimiter, from), watch_);
        use(got);
        if (got.next.empty()) return;
        from = got.next;
    }
    throw std::runtime_error(
        fmt::format("{}: the listing does not end. Is it a part of the bucket for backups alone?", name()));
}

std::vector<Store::Entry> S3Store::list(std::string_view under) const {
    std::vector<Entry> found;
    each_page(key_of(under), {}, [&](const client::S3Page& page) {
        for (const auto& object : page.objects) {
            auto name = object.key.substr(std::min(prefix_.size(), object.key.size()));
            if (!name.starts_with('.')) found.push_back(Entry{std::move(name), object.bytes});
        }
    });
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
}

std::vector<std::string> S3Store::folders() const {
    std::vector<std::string> found;
    each_page(prefix_, "/", [&](const client::S3Page& page) {
        for (const auto& folder : page.folders)
            found.push_back(folder_of(folder.substr(std::min(prefix_.size(), folder.size()))));
    });
    return found;
}

std::optional<std::string> S3Store::get(std::string_view name) const {
    auto text = session_->ask(session_->client().get(key_of(name), most_small), watch_);
    if (text) return std::move(*text);
    if (text.error().code == ErrorCode::not_found) return std::nullopt;
    S3Session::fail(text.error());
}

void S3Store::put(std::string_view name, std::string_view content) const {
    auto text = std::make_shared<const std::string>(content);
    session_->must(session_->client().put(key_of(name), std::move(text)), watch_);
}

void S3Store::remove(std::string_view name) const {
    session_->must(session_->client().remove(key_of(name)), watch_);
}

std::unique_ptr<ObjectWriter> S3Store::write(std::string_view name) const {
    return std::make_unique<blobs::S3Writer>(session_, key_of(name), watch_);
}

http::FileBody S3Store::read(std::string_view name) const {
    return blobs::read_s3_object(session_, key_of(name), watch_);
}

void S3Store::publish(std::string_view id, std::string_view manifest) const {
    put(std::string(id) + "/" + manifest_name, manifest);
}

void S3Store::discard(std::string_view id) const {
    withdraw(id);
}

void S3Store::withdraw(std::string_view id) const {
    const auto folder = std::string(id) + "/";
    remove(folder + manifest_name);
    for (const auto& object : list(folder)) remove(object.name);
}

int S3Store::remove_drafts() const {
    std::set<std::string> left;
    for (const auto& upload : blobs::unfinished_uploads(*session_, prefix_, watch_)) {
        const auto folder = folder_of(upload.key.substr(std::min(prefix_.size(), upload.key.size())));
        if (!is_backup_id(folder)) continue;
        session_->must(session_->client().abort_upload(upload), watch_);
        left.insert(folder);
    }
    for (const auto& folder : folders()) {
        if (!is_backup_id(folder) || !list(folder + "/" + manifest_name).empty()) continue;
        discard(folder);
        left.insert(folder);
    }
    return static_cast<int>(left.size());
}

}  // namespace bb::safety
