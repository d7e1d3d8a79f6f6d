#include "features/materials/text/passages.hpp"

#include <utility>

#include "base/core/utf8.hpp"
#include "features/materials/text/sentences.hpp"

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

/// Packs units of one section into stretches of a good size.
class Packer {
public:
    explicit Packer(CutLimits limits) : limits_(limits) {}

    void add(const Unit& unit, bool begins_block) {
        const int together = current_.tokens + unit.tokens;
        const bool short_of_min = current_.tokens < limits_.min;
        const bool fits = together <= limits_.target || (short_of_min && together <= limits_.max);
        if (current_.tokens > 0 && (!fits || (begins_block && !short_of_min))) flush();
        if (current_.tokens == 0) current_.start = unit.start;
        current_.end = unit.end;
        current_.tokens += unit.tokens;
    }

    std::vector<Unit> finish() {
        const bool stub = current_.tokens > 0 && current_.tokens < limits_.min / 2 && !packed_.empty();
        if (stub && packed_.back().tokens + current_.tokens <= limits_.max) {
            packed_.back().end = current_.end;
            packed_.back().tokens += current_.tokens;
            current_ = Unit();
        }
        if (current_.tokens > 0) flush();
        return std::exchange(packed_, {});
    }

private:
    void flush() { packed_.push_back(std::exchange(current_, Unit())); }

    CutLimits limits_;
    Unit current_;
    std::vector<Unit> packed_;
};

/// Turns stretches in bytes into passages with offsets in code points, walking forward only.
class Writer {
public:
    Writer(std::string_view text, Language language) : text_(text), language_(language) {}

    void add(const Unit& stretch, const std::vector<std::string>& path, int page) {
        const std::string_view piece = text_.substr(stretch.start, stretch.end - stretch.start);
        points_ += utf8::length(text_.substr(bytes_, stretch.start - bytes_));
        Passage passage;
        passage.heading_path = path;
        passage.page = page;
        passage.start = static_cast<std::int32_t>(points_);
        points_ += utf8::length(piece);
        bytes_ = stretch.end;
        passage.end = static_cast<std::int32_t>(points_);
        passage.text = piece;
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
        for (const Unit& stretch : packer.finish()) writer.add(stretch, path.names(), page);
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
        bool first = true;
        for (const Unit& unit : units_of(text, block, limits.max))
            packer.add(unit, std::exchange(first, false));
    }
    end_section();
    return writer.take();
}

}  // namespace bb::materials::text
