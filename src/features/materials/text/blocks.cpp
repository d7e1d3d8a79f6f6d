#include "features/materials/text/blocks.hpp"

#include <algorithm>
#include <optional>

#include "base/core/utf8.hpp"

namespace bb::materials::text {
namespace {

constexpr std::size_t longest_heading = 200;

struct Line {
    std::size_t start = 0;
    std::size_t end = 0;   // without white space at the end
    std::size_t text = 0;  // where the first character that is not white space stands; end for a blank line
};

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t stop = text.find('\n', at);
        if (stop == std::string_view::npos) stop = text.size();
        Line line{at, stop, at};
        const auto blank = [&](std::size_t i) {
            return text[i] == ' ' || text[i] == '\t' || text[i] == '\r';
        };
        while (line.end > line.start && blank(line.end - 1)) --line.end;
        while (line.text < line.end && blank(line.text)) ++line.text;
        lines.push_back(line);
        at = stop + 1;
    }
    return lines;
}

std::string plain_heading(std::string_view marked) {
    std::string words;
    for (const char c : marked)
        if (c != '*' && c != '`') words += c;
    const std::string_view trimmed = utf8::trim(words);
    return std::string(utf8::prefix(trimmed, longest_heading));
}

bool is_page_break(std::string_view line) {
    return line == "\f";
}

/// Number of '#' of an ATX heading, 0 when the line is none.
int heading_level(std::string_view line) {
    std::size_t n = 0;
    while (n < line.size() && line[n] == '#') ++n;
    if (n == 0 || n > 6) return 0;
    return n == line.size() || line[n] == ' ' || line[n] == '\t' ? static_cast<int>(n) : 0;
}

bool is_rule_of(std::string_view line, char mark) {
    return !line.empty() && std::all_of(line.begin(), line.end(), [mark](char c) { return c == mark; });
}

bool is_list_item(std::string_view line) {
    if (line.size() < 2) return false;
    if (line[0] == '-' || line[0] == '*' || line[0] == '+') return line[1] == ' ' || line[1] == '\t';
    std::size_t n = 0;
    while (n < line.size() && n < 9 && line[n] >= '0' && line[n] <= '9') ++n;
    return n > 0 && n + 1 < line.size() && (line[n] == '.' || line[n] == ')') && line[n + 1] == ' ';
}

/// The opening of a code fence: its character and length.
struct Fence {
    char mark;
    std::size_t length;
};
std::optional<Fence> fence_of(std::string_view line) {
    if (line.size() < 3 || (line[0] != '`' && line[0] != '~')) return std::nullopt;
    std::size_t n = 0;
    while (n < line.size() && line[n] == line[0]) ++n;
    if (n < 3) return std::nullopt;
    return Fence{line[0], n};
}

/// Walks over lines and collects blocks.
class Reader {
public:
    Reader(std::string_view text, Format format)
        : text_(text),
          format_(format),
          lines_(lines_of(text)),
          page_(std::any_of(lines_.begin(), lines_.end(),
                            [this](const Line& l) { return is_page_break(of(l)); })
                    ? 1
                    : 0) {}

    std::vector<Block> read() {
        while (at_ < lines_.size()) step();
        finish();
        return std::move(blocks_);
    }

private:
    std::string_view of(const Line& line) const { return text_.substr(line.text, line.end - line.text); }

    void step() {
        const Line& line = lines_[at_];
        const std::string_view words = of(line);
        if (words.empty() || is_page_break(words)) {
            finish();
            page_ += words.empty() ? 0 : 1;
            ++at_;
        } else if (format_ == Format::plain) {
            extend(Block::Kind::prose, line);
        } else if (const auto fence = fence_of(words)) {
            code(*fence);
        } else if (const int level = heading_level(words)) {
            heading(line, line.end, level, words.substr(static_cast<std::size_t>(level)));
            ++at_;
        } else if (!is_underlined()) {
            const bool table = words[0] == '|';
            if (is_list_item(words)) finish();
            extend(table ? Block::Kind::lines : Block::Kind::prose, line);
            current_.is_table = table;
        }
    }

    /// Takes a line with "===" or "---" under it as a heading, when it stands by itself.
    bool is_underlined() {
        if (open_ || at_ + 1 >= lines_.size()) return false;
        const std::string_view under = of(lines_[at_ + 1]);
        const int level = is_rule_of(under, '=') ? 1 : is_rule_of(under, '-') ? 2 : 0;
        if (level == 0 || is_rule_of(of(lines_[at_]), '-')) return false;
        heading(lines_[at_], lines_[at_ + 1].end, level, of(lines_[at_]));
        at_ += 2;
        return true;
    }

    void heading(const Line& line, std::size_t end, int level, std::string_view marked) {
        finish();
        std::string_view words = utf8::trim(marked);
        while (words.ends_with('#')) words.remove_suffix(1);
        blocks_.push_back(Block{Block::Kind::heading, line.text, end, level, plain_heading(words), page_});
    }

    void code(Fence fence) {
        finish();
        extend(Block::Kind::lines, lines_[at_]);
        while (at_ < lines_.size() && !is_page_break(of(lines_[at_]))) {
            const auto closing = fence_of(of(lines_[at_]));
            const bool closes = closing && closing->mark == fence.mark && closing->length >= fence.length &&
                                is_rule_of(of(lines_[at_]), fence.mark);
            if (of(lines_[at_]).empty()) {
                ++at_;
            } else {
                extend(Block::Kind::lines, lines_[at_]);
            }
            if (closes) break;
        }
        finish();
    }

    void extend(Block::Kind kind, const Line& line) {
        if (open_ && current_.kind != kind) finish();
        if (!open_) current_ = Block{kind, line.text, line.end, 0, {}, page_};
        open_ = true;
        current_.end = line.end;
        ++at_;
    }

    void finish() {
        if (open_) blocks_.push_back(std::move(current_));
        open_ = false;
    }

    std::string_view text_;
    Format format_;
    std::vector<Line> lines_;
    int page_ = 0;
    std::size_t at_ = 0;
    std::vector<Block> blocks_;
    Block current_;
    bool open_ = false;
};

}  // namespace

std::vector<Block> blocks_of(std::string_view text, Format format) {
    return Reader(text, format).read();
}

}  // namespace bb::materials::text
