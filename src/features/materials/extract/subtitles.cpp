#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

constexpr int seconds_of_a_paragraph = 30;

bool is_counter(std::string_view line) {
    return !line.empty() &&
           std::all_of(line.begin(), line.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The time at the start of "00:01:30,500 --> 00:01:33,000" (or without hours), in seconds.
std::optional<int> start_of_cue(std::string_view line) {
    if (line.find("-->") == std::string_view::npos) return std::nullopt;
    int seconds = 0;
    int part = 0;
    for (const char c : line) {
        if (c >= '0' && c <= '9') {
            part = std::min(part * 10 + (c - '0'), 9999);
        } else if (c == ':') {
            seconds = std::min(seconds + part, 9999) * 60;
            part = 0;
        } else {
            break;
        }
    }
    return seconds + part;
}

std::string mark_of_time(int seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "[%02d:%02d:%02d]", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return text;
}

/// Without tags "<i>" and "{\an8}", and with the commonest entities as what they stand for.
std::string spoken(std::string_view line) {
    constexpr std::size_t longest_tag_of_cue = 200;
    constexpr std::pair<std::string_view, std::string_view> entities[] = {
        {"&nbsp;", " "}, {"&lt;", "<"}, {"&gt;", ">"}, {"&lrm;", ""}, {"&rlm;", ""}, {"&amp;", "&"}};
    std::string words;
    while (!line.empty()) {
        const auto start = line.substr(0, longest_tag_of_cue);
        const bool tag = line[0] == '<' || line.starts_with("{\\");
        const auto end = tag ? start.find(line[0] == '<' ? '>' : '}') : std::string_view::npos;
        const auto* entity = std::find_if(std::begin(entities), std::end(entities),
                                          [&](const auto& one) { return line.starts_with(one.first); });
        if (end != std::string_view::npos) {
            line.remove_prefix(end + 1);
        } else if (entity != std::end(entities)) {
            words += entity->second;
            line.remove_prefix(entity->first.size());
        } else {
            words += line[0];
            line.remove_prefix(1);
        }
    }
    return one_line(words);
}

/// Goes through the lines of a file and collects what is said.
class Transcript {
public:
    void line(std::string_view given) {
        const auto line = utf8::trim(given);
        if (line.empty()) {
            end_cue();
        } else if (const auto start = start_of_cue(line)) {
            begin_cue(*start);
        } else if (is_counter(line)) {
            // Of the next cue, unless something else follows.
            const auto before = std::exchange(number_, std::string(line));
            if (in_cue_) say(before);
        } else if (in_cue_) {
            say(std::exchange(number_, {}));
            say(spoken(line));
        }
    }

    bool has_cues() const { return has_cues_; }
    std::string take() {
        end_cue();
        return std::move(text_);
    }

private:
    void end_cue() {
        if (in_cue_) say(std::exchange(number_, {}));
        in_cue_ = false;
    }

    void begin_cue(int start) {
        in_cue_ = true;
        number_.clear();
        if (has_cues_ && start < marked_ + seconds_of_a_paragraph && start >= marked_) return;
        if (!text_.empty()) text_ += "\n\n";
        text_ += mark_of_time(start);
        marked_ = start;
        has_cues_ = true;
    }

    void say(const std::string& words) {
        // Captions that roll repeat the line that was shown last.
        if (words.empty() || words == last_) return;
        text_ += ' ';
        text_ += words;
        last_ = words;
    }

    std::string text_;
    std::string last_;
    std::string number_;
    int marked_ = 0;
    bool in_cue_ = false;
    bool has_cues_ = false;
};

}  // namespace

Read<std::string> read_subtitles(std::string_view bytes) {
    const auto given = decoded(bytes);
    if (!given) return given.error();
    const std::string text = tidy(*given);
    Transcript transcript;
    for (std::size_t from = 0; from < text.size();) {
        const auto end = std::min(text.find('\n', from), text.size());
        transcript.line(std::string_view(text).substr(from, end - from));
        from = end + 1;
    }
    if (!transcript.has_cues())
        return mismatch("The file is not what its name says: it holds no subtitles with times.");
    return transcript.take() + '\n';
}

}  // namespace bb::materials::extract
