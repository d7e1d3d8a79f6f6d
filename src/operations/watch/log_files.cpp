#include "operations/watch/log_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <memory>
#include <system_error>
#include <vector>

#include "base/core/log_files.hpp"

namespace bb::watch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece = 64 * 1024;
constexpr std::size_t most_followed = 1 << 20;  // bytes of a file in one look
constexpr std::size_t most_kept = 64 << 20;
// A line is stamped before it is written, and clocks are set back.
constexpr std::chrono::seconds slack{5};

struct File {
    std::string name;
    Time first;  // from its name
    Time last;   // when it was written
};

/// "20261122T201000Z-..." as a time.
Time time_in(const std::string& name) {
    const auto part = [&](std::size_t at, std::size_t count) {
        return name.substr(at, count);
    };
    const auto text = part(0, 4) + '-' + part(4, 2) + '-' + part(6, 2) + 'T' + part(9, 2) + ':' +
                      part(11, 2) + ':' + part(13, 2) + ".000000Z";
    return parse_rfc3339(text).value_or(Time());
}

/// By the time of their first line.
std::vector<File> files_in(const fs::path& folder) {
    std::vector<File> files;
    std::error_code gone;
    for (fs::directory_iterator it(folder, gone), end; !gone && it != end; it.increment(gone)) {
        const auto name = it->path().filename().string();
        struct stat state {};
        if (!log::LogFiles::is_ours(name) || ::lstat(it->path().c_str(), &state) != 0) continue;
        if (!S_ISREG(state.st_mode)) continue;
        const Time last{std::chrono::seconds(state.st_mtim.tv_sec + 1)};
        files.push_back({name, time_in(name), last});
    }
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name < b.name; });
    return files;
}

/// How far a file has whole lines.
std::uint64_t end_of_lines(const fs::path& path) {
    std::error_code gone;
    const auto size = fs::file_size(path, gone);
    if (gone) return 0;
    const auto from = size > longest_line ? size - longest_line : 0;
    std::string bytes(size - from, '\0');
    std::ifstream in(path, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(from));
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto end = bytes.rfind('\n');
    return end == std::string::npos ? from : from + end + 1;
}

/// A file that is read line by line; the next line stands ready.
class Source {
public:
    Source(const fs::path& path, std::uint64_t size, const LogFilter& filter)
        : filter_(filter), in_(path, std::ios::binary), left_(size) {
        advance();
    }

    bool over() const { return ready_.empty(); }
    const LogLine& next() const { return ready_.front(); }
    LogLine take() {
        auto line = std::move(ready_.front());
        ready_.pop_front();
        if (ready_.empty()) advance();
        return line;
    }
    std::size_t broken() const { return cutter_.broken(); }

private:
    void advance() {
        const auto keep = [this](LogLine line) {
            if (filter_.fits(line)) ready_.push_back(std::move(line));
            return true;
        };
        std::string bytes;
        while (ready_.empty() && in_ && left_ > 0) {
            bytes.resize(std::min<std::uint64_t>(piece, left_));
            in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            bytes.resize(static_cast<std::size_t>(in_.gcount()));
            left_ -= bytes.size();
            cutter_.feed(bytes, keep);
            if (!in_ || left_ == 0) cutter_.finish(keep);
        }
    }

    const LogFilter& filter_;
    std::ifstream in_;
    std::uint64_t left_;  // bytes
    LineCutter cutter_;
    std::deque<LogLine> ready_;
};

}  // namespace

bool LineCutter::feed(std::string_view bytes, const Take& take) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto part = bytes.substr(0, end);
        if (line_.size() + part.size() > longest_line) too_long_ = true;
        if (too_long_)
            line_.clear();
        else
            line_ += part;
        if (end == std::string_view::npos) return true;
        bytes.remove_prefix(end + 1);
        if (!end_line(take)) return false;
    }
    return true;
}

bool LineCutter::finish(const Take& take) {
    return (line_.empty() && !too_long_) || end_line(take);
}

bool LineCutter::end_line(const Take& take) {
    auto line = too_long_ ? std::nullopt : parse_line(line_);
    if (!line && (too_long_ || !line_.empty())) ++broken_;
    line_.clear();
    too_long_ = false;
    return !line || take(std::move(*line));
}

void Newest::add(LogLine line) {
    bytes_ += line.json.size();
    lines_.push_back(std::move(line));
    while (lines_.size() > count_ || bytes_ > most_kept) {
        bytes_ -= lines_.front().json.size();
        lines_.pop_front();
    }
}

void LogReader::read(const LogFilter& filter, const LineCutter::Take& take) {
    auto files = files_in(folder_);
    std::erase_if(files, [&](const File& file) {
        return (filter.since && file.last + slack < *filter.since) ||
               (filter.until && file.first - slack > *filter.until);
    });
    if (marked_) std::erase_if(files, [&](const File& file) { return !followed_.contains(file.name); });
    std::vector<std::unique_ptr<Source>> open;
    std::size_t next = 0;
    const auto earliest = [](const auto& a, const auto& b) {
        return a->next().time < b->next().time;
    };
    for (bool more = true; more;) {
        auto first = std::min_element(open.begin(), open.end(), earliest);
        // A file is opened when the lines have come to its time.
        if (next < files.size() &&
            (first == open.end() || files[next].first - slack <= (*first)->next().time)) {
            const auto& name = files[next++].name;
            const auto size = marked_ ? followed_[name].at : std::numeric_limits<std::uint64_t>::max();
            auto source = std::make_unique<Source>(folder_ / name, size, filter);
            if (source->over())
                broken_ += source->broken();
            else
                open.push_back(std::move(source));
            continue;
        }
        if (first == open.end()) return;
        more = take((*first)->take());
        if (!(*first)->over()) continue;
        broken_ += (*first)->broken();
        open.erase(first);
    }
    for (const auto& source : open) broken_ += source->broken();
}

void LogReader::mark_end() {
    marked_ = true;
    for (const auto& file : files_in(folder_)) followed_[file.name].at = end_of_lines(folder_ / file.name);
}

void LogReader::follow(const LogFilter& filter, const LineCutter::Take& take) {
    std::vector<LogLine> fresh;
    const auto keep = [&](LogLine line) {
        if (filter.fits(line)) fresh.push_back(std::move(line));
        return true;
    };
    std::map<std::string, Followed> still;
    for (const auto& file : files_in(folder_)) {
        auto& known = still[file.name] = std::move(followed_[file.name]);
        const auto before = known.cutter.broken();
        read_on(file.name, known, keep);
        broken_ += known.cutter.broken() - before;
    }
    followed_ = std::move(still);
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const LogLine& a, const LogLine& b) { return a.time < b.time; });
    for (auto& line : fresh)
        if (!take(std::move(line))) return;
}

void LogReader::read_on(const std::string& name, Followed& file, const LineCutter::Take& take) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(file.at));
    std::string bytes(piece, '\0');
    for (std::size_t read = 0; in && read < most_followed;) {
        in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const auto got = static_cast<std::size_t>(in.gcount());
        file.at += got;
        read += got;
        file.cutter.feed(std::string_view(bytes).substr(0, got), take);
    }
}

}  // namespace bb::watch
