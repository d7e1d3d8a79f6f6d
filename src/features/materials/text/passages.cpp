#include "features/materials/text/passages.hpp"

#include <utility>

#include "base/core/utf8.hpp"
#include "features/materials/text/sentences.hpp"
#include "features/materials/text/tables.hpp"

namespace bb::materials::text {
namespace {

/// The headings above the current place, outermost first.
class HeadingPath {
public:
    void enter(const Block& heading) {
        while (!levels_.empty() && levels_.back() >= heading.level) {
            levels_.pop_back();
            names_.pop_back();
        }
        levels_.push_back(heading.level);
        names_.push_back(heading.heading);
    }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& name : names_)
            if (!name.empty()) names.push_back(name);
        return names;
    }

private:
    std::vector<int> levels_;
    std::vector<std::string> names_;
};

/// Units that become one passage, and the head of the table that they go on in.
struct Stretch {
    Unit unit;
    TableHead head;

    int own_tokens() const { return unit.tokens - head.tokens; }
};

/// Packs units of one section into stretches of a good size.
class Packer {
public:
    explicit Packer(CutLimits limits) : limits_(limits) {}

    /// `head`: of the table that `unit` is a row of.
    void add(const Unit& unit, bool begins_block, const TableHead& head) {
        const int together = current_.unit.tokens + unit.tokens;
        const bool short_of_min = current_.unit.tokens < limits_.min;
        const bool fits = together <= limits_.target || (short_of_min && together <= limits_.max);
        if (!is_empty() && (!fits || (begins_block && !short_of_min))) flush();
        if (is_empty()) {
            current_.unit.start = unit.start;
            if (!begins_block) current_.head = head;
            current_.unit.tokens = current_.head.tokens;
        }
        current_.unit.end = unit.end;
        current_.unit.tokens += unit.tokens;
    }

    std::vector<Stretch> finish() {
        const int own = current_.own_tokens();
        const bool stub = !is_empty() && own < limits_.min / 2 && !packed_.empty();
        if (stub && packed_.back().unit.tokens + own <= limits_.max) {
            packed_.back().unit.end = current_.unit.end;
            packed_.back().unit.tokens += own;
            current_ = Stretch();
        }
        if (!is_empty()) flush();
        return std::exchange(packed_, {});
    }

private:
    bool is_empty() const { return current_.unit.tokens == 0; }
    void flush() { packed_.push_back(std::exchange(current_, Stretch())); }

    CutLimits limits_;
    Stretch current_;
    std::vector<Stretch> packed_;
};

/// Turns stretches in bytes into passages with offsets in code points, walking forward only.
class Writer {
public:
    Writer(std::string_view text, Language language) : text_(text), language_(language) {}

    void add(const Stretch& stretch, const std::vector<std::string>& path, int page) {
        const auto [start, end, tokens] = stretch.unit;
        const std::string_view piece = text_.substr(start, end - start);
        points_ += utf8::length(text_.substr(bytes_, start - bytes_));
        Passage passage;
        passage.heading_path = path;
        passage.page = page;
        passage.start = static_cast<std::int32_t>(points_);
        points_ += utf8::length(piece);
        bytes_ = end;
        passage.end = static_cast<std::int32_t>(points_);
        if (!stretch.head.row.empty()) passage.text = stretch.head.row + '\n';
        passage.text += piece;
        passage.language = guess_language(words_of(piece), language_);
        passages_.push_back(std::move(passage));
    }
    std::vector<Passage> take() { return std::move(passages_); }

private:
    std::string_view text_;
    Language language_;
    std::size_t bytes_ = 0;
    std::size_t points_ = 0;
    std::vector<Passage> passages_;
};

bool is_bare_heading(const std::vector<Block>& blocks, std::size_t i) {
    if (i + 1 == blocks.size()) return true;
    return blocks[i + 1].kind == Block::Kind::heading && blocks[i + 1].level <= blocks[i].level;
}

}  // namespace

std::vector<Passage> cut_passages(std::string_view text, Format format, CutLimits limits) {
    const Language language = guess_language(words_of(utf8::prefix(text, 20'000)));
    Writer writer(text, language);
    Packer packer(limits);
    HeadingPath path;
    const auto blocks = blocks_of(text, format);
    int page = 0;
    const auto end_section = [&] {
        for (const Stretch& stretch : packer.finish()) writer.add(stretch, path.names(), page);
    };
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const Block& block = blocks[i];
        if (block.page != page) end_section();
        page = block.page;
        if (block.kind == Block::Kind::heading) {
            end_section();
            path.enter(block);
            // A heading with nothing under it would be lost; it becomes a passage by itself.
            if (!is_bare_heading(blocks, i)) continue;
        }
        const TableHead head = head_of(text, block, limits.max / 4);
        bool first = true;
        for (const Unit& unit : units_of(text, block, limits.max - head.tokens))
            packer.add(unit, std::exchange(first, false), head);
    }
    end_section();
    return writer.take();
}

}  // namespace bb::materials::text
