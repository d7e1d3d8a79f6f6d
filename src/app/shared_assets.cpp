#include "app/shared_assets.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <embedded/assets.hpp>
#include <vector>

#include "base/core/new_file.hpp"
#include "base/core/uuid.hpp"
#include "base/http/gzip.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view hashed = "/assets/";
constexpr std::string_view unfinished_mark = ".unfinished-";
constexpr std::uintmax_t most_bytes = 64u << 20;
constexpr std::chrono::hours longest_unfinished{1};
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> media_types = {
    {{".js", "text/javascript; charset=utf-8"},
     {".mjs", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".woff2", "font/woff2"},
     {".svg", "image/svg+xml"},
     {".png", "image/png"},
     {".wasm", "application/wasm"}}};

/// A name in one folder, and nothing that is hidden there.
bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() < 200 && name.front() != '.' &&
           std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; });
}

std::optional<http::FileBody> open_file(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return std::nullopt;
    return http::whole_file(http::share_descriptor(descriptor));
}

bool is_old(const fs::directory_entry& entry) {
    return fs::file_time_type::clock::now() - entry.last_write_time() > longest_unfinished;
}

}  // namespace

void SharedAssets::share_file(const std::string& name, std::string_view bytes) const {
    const auto file = folder_ / name;
    if (fs::exists(file)) return fs::last_write_time(file, fs::file_time_type::clock::now());
    const auto unfinished = folder_ / (std::string(unfinished_mark) + Uuid::make().text());
    write_new_file(unfinished, bytes, 0644);
    fs::rename(unfinished, file);
}

void SharedAssets::share() const {
    fs::create_directories(folder_);
    for (const auto& file : embedded::embedded_assets()) {
        if (!file.path.starts_with(hashed)) continue;
        const std::string name(file.path.substr(hashed.size()));
        if (!is_plain_name(name)) continue;
        share_file(name, file.identity);
        if (!file.brotli.empty()) share_file(name + ".br", file.brotli);
    }
    make_room();
}

void SharedAssets::make_room() const {
    std::vector<fs::directory_entry> files;
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) {
        const bool unfinished = entry.path().filename().string().starts_with(unfinished_mark);
        if (unfinished && is_old(entry)) fs::remove(entry.path());
        if (unfinished) continue;
        files.push_back(entry);
        bytes += entry.file_size();
    }
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.last_write_time() < b.last_write_time(); });
    for (const auto& file : files) {
        if (bytes <= most_bytes) return;
        bytes -= file.file_size();
        fs::remove(file.path());
    }
}

std::optional<http::Response> SharedAssets::find(std::string_view path,
                                                 std::string_view accepted_codings) const {
    if (!path.starts_with(hashed) || !is_plain_name(path.substr(hashed.size()))) return std::nullopt;
    const std::string name(path.substr(hashed.size()));
    const auto* type = std::find_if(media_types.begin(), media_types.end(),
                                    [&](const auto& one) { return name.ends_with(one.first); });
    if (type == media_types.end()) return std::nullopt;
    http::Response response(200, std::string(type->second), {});
    if (http::accepts_coding(accepted_codings, "br")) response.file = open_file(folder_ / (name + ".br"));
    if (response.file)
        response.header("Content-Encoding", "br");
    else
        response.file = open_file(folder_ / name);
    if (!response.file) return std::nullopt;
    response.header("Vary", "Accept-Encoding");
    response.header("Cache-Control", "public, max-age=31536000, immutable");
    return response;
}

}  // namespace bb::app
