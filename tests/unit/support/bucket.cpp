#include "unit/support/bucket.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <set>

namespace bb::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* hanging = "hanging";

std::string field(const std::string& request, const std::string& name) {
    const auto at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 4;
    return request.substr(start, request.find("\r\n", start) - start);
}

std::string fault(int status, const std::string& code) {
    return response(status, "<Error><Code>" + code + "</Code><Message>Because.</Message></Error>");
}

/// Value of a parameter, with the one escape that names of tests need.
std::string parameter(const std::string& query, const std::string& name) {
    const auto at = ("&" + query).find("&" + name + "=");
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 1;
    auto value = query.substr(start, query.find('&', start) - start);
    for (auto slash = value.find("%2F"); slash != std::string::npos; slash = value.find("%2F"))
        value.replace(slash, 3, "/");
    return value;
}

std::string date(std::time_t at) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(at));
}

}  // namespace

Bucket::Bucket() {
    upstream_.emplace(loop_.get_executor(), [this](Socket& socket, std::string request) {
        return answer(socket, std::move(request));
    });
    thread_ = std::thread([this]() { loop_.run(); });
}

Bucket::~Bucket() {
    loop_.stop();
    thread_.join();
}

client::S3Options Bucket::options() const {
    client::S3Options made;
    made.bucket = "school";
    made.region = "eu-central-1";
    made.endpoint = upstream_->url("");
    made.credentials = {"KEY", "SECRET", ""};
    made.attempts = 2;
    made.first_pause = made.longest_pause = 2ms;
    return made;
}

void Bucket::put(const std::string& key, const std::string& text) {
    const std::lock_guard guard(mutex_);
    objects_[key] = Object{text, fmt::format("\"{}\"", ++number_)};
}

std::optional<std::string> Bucket::get(const std::string& key) const {
    const std::lock_guard guard(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return std::nullopt;
    return found->second.text;
}

void Bucket::remove(const std::string& key) {
    const std::lock_guard guard(mutex_);
    objects_.erase(key);
}

int Bucket::asked(const std::string& method) const {
    const std::lock_guard guard(mutex_);
    const auto found = asked_.find(method);
    return found == asked_.end() ? 0 : found->second;
}

void Bucket::know_no_conditions() {
    const std::lock_guard guard(mutex_);
    conditions_ = false;
}

void Bucket::tell_age(std::optional<int> seconds) {
    const std::lock_guard guard(mutex_);
    age_ = seconds;
}

void Bucket::make_old(const std::string& key, int seconds) {
    const std::lock_guard guard(mutex_);
    objects_.at(key).older = seconds;
}

void Bucket::begin_upload(const std::string& key, const std::string& id, int seconds) {
    const std::lock_guard guard(mutex_);
    uploads_.push_back(Upload{key, id, seconds});
}

std::vector<std::string> Bucket::uploads() const {
    const std::lock_guard guard(mutex_);
    std::vector<std::string> ids;
    for (const auto& one : uploads_) ids.push_back(one.id);
    return ids;
}

std::vector<std::string> Bucket::keys(const std::string& prefix) const {
    const std::lock_guard guard(mutex_);
    std::vector<std::string> found;
    for (const auto& [key, object] : objects_)
        if (key.starts_with(prefix)) found.push_back(key);
    return found;
}

void Bucket::refuse(const std::string& key, int status, const std::string& code) {
    const std::lock_guard guard(mutex_);
    refusals_[key] = status == 0 ? hanging : fault(status, code);
}

void Bucket::lose_answers(int times) {
    const std::lock_guard guard(mutex_);
    lost_ = times;
}

Task<void> Bucket::answer(Socket& socket, std::string request) {
    const auto space = request.find(' ');
    const auto method = request.substr(0, space);
    const auto target = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    std::string text;
    {
        const std::lock_guard guard(mutex_);
        ++asked_[method];
        text = answer_to(method, target.substr(std::string("/school/").size()), request);
    }
    if (text == hanging)
        co_await until_closed(socket);
    else if (!text.empty())
        co_await say(socket, std::move(text));
    if (text.empty()) socket.close();
}

std::string Bucket::answer_to(const std::string& method, const std::string& key, const std::string& request) {
    if (method == "PUT") return stored(key, request);
    const auto upload = key.find("?uploadId=");
    if (method == "DELETE" && upload != std::string::npos) {
        std::erase_if(uploads_, [&](const Upload& one) { return one.id == key.substr(upload + 10); });
        return response(204, "");
    }
    if (method == "DELETE") {
        objects_.erase(key);
        return response(204, "");
    }
    return key.starts_with("?") ? listed(key.substr(1)) : read(method, key, request);
}

std::string Bucket::stored(const std::string& key, const std::string& request) {
    const auto match = field(request, "If-Match"), none = field(request, "If-None-Match");
    if (!conditions_ && !(match.empty() && none.empty())) return fault(501, "NotImplemented");
    const auto there = objects_.find(key);
    if (!none.empty() && there != objects_.end()) return fault(412, "PreconditionFailed");
    if (!match.empty() && there == objects_.end()) return fault(404, "NoSuchKey");
    if (!match.empty() && there->second.etag != match) return fault(412, "PreconditionFailed");
    const auto etag = fmt::format("\"{}\"", ++number_);
    objects_[key] = Object{request.substr(request.find("\r\n\r\n") + 4), etag};
    if (lost_ > 0 && lost_-- > 0) return {};
    return response(200, "", "ETag: " + etag + "\r\n");
}

std::string Bucket::listed(const std::string& query) const {
    if (("&" + query).find("&uploads") != std::string::npos) return listed_uploads(query);
    const auto prefix = parameter(query, "prefix"), delimiter = parameter(query, "delimiter");
    std::string xml = "<ListBucketResult><IsTruncated>false</IsTruncated>";
    std::set<std::string> folders;
    for (const auto& [key, object] : objects_) {
        if (!key.starts_with(prefix)) continue;
        const auto end = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
        if (end != std::string::npos)
            folders.insert(key.substr(0, end + 1));
        else
            xml += fmt::format("<Contents><Key>{}</Key><Size>{}</Size><ETag>{}</ETag>{}</Contents>", key,
                               object.text.size(), object.etag, last_modified(object));
    }
    for (const auto& folder : folders)
        xml += "<CommonPrefixes><Prefix>" + folder + "</Prefix></CommonPrefixes>";
    return response(200, xml + "</ListBucketResult>",
                    age_ ? "Date: " + date(std::time(nullptr)) + "\r\n" : std::string());
}

std::string Bucket::listed_uploads(const std::string& query) const {
    const auto prefix = parameter(query, "prefix"), behind = parameter(query, "upload-id-marker");
    const auto now = std::time(nullptr);
    std::string xml = "<ListMultipartUploadsResult>", last;
    bool begun = behind.empty();
    int left = 2;
    for (const auto& one : uploads_) {
        if (begun && one.key.starts_with(prefix) && left-- > 0) {
            xml += fmt::format(
                "<Upload><Key>{}</Key><UploadId>{}</UploadId>"
                "<Initiated>{:%Y-%m-%dT%H:%M:%S}.000Z</Initiated></Upload>",
                one.key, one.id, fmt::gmtime(now - one.seconds));
            last = fmt::format("<NextKeyMarker>{}</NextKeyMarker><NextUploadIdMarker>{}</NextUploadIdMarker>",
                               one.key, one.id);
        }
        begun = begun || one.id == behind;
    }
    if (left >= 0) last.clear();
    xml += fmt::format("<IsTruncated>{}</IsTruncated>{}</ListMultipartUploadsResult>", left < 0, last);
    return response(200, xml, "Date: " + date(now) + "\r\n");
}

std::string Bucket::last_modified(const Object& object) const {
    if (!age_) return {};
    return fmt::format("<LastModified>{:%Y-%m-%dT%H:%M:%S}.000Z</LastModified>",
                       fmt::gmtime(std::time(nullptr) - *age_ - object.older));
}

std::string Bucket::read(const std::string& method, const std::string& key,
                         const std::string& request) const {
    const auto refused = refusals_.find(key);
    if (method == "GET" && refused != refusals_.end()) return refused->second;
    const auto found = objects_.find(key);
    if (found == objects_.end()) return method == "HEAD" ? response(404, "") : fault(404, "NoSuchKey");
    const auto match = field(request, "If-Match");
    if (!match.empty() && found->second.etag != match) return fault(412, "PreconditionFailed");
    const auto& text = found->second.text;
    std::string headers = "ETag: " + found->second.etag + "\r\n";
    const auto now = std::time(nullptr);
    if (age_)
        headers +=
            "Date: " + date(now) + "\r\nLast-Modified: " + date(now - *age_ - found->second.older) + "\r\n";
    if (method == "HEAD")
        return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n", text.size(), headers);
    const auto range = field(request, "Range");
    if (range.empty()) return response(200, text, headers);
    const auto dash = range.find('-');
    const auto first = std::stoul(range.substr(6, dash - 6));
    return response(206, text.substr(first, std::stoul(range.substr(dash + 1)) - first + 1), headers);
}

}  // namespace bb::test
