#include "features/materials/text/tables.hpp"

#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/text/sentences.hpp"
#include "features/materials/text/words.hpp"

namespace bb::materials::text {
namespace {

constexpr std::string_view left_out = " …";

/// "|---|:--:|"
bool is_delimiter_row(std::string_view line) {
    return line.find('-') != std::string_view::npos &&
           line.find_first_not_of("|-: \t") == std::string_view::npos;
}

}  // namespace

TableHead head_of(std::string_view text, const Block& block, int most_tokens) {
    if (!block.is_table) return {};
    const auto end = std::min(text.find('\n', block.start), block.end);
    const auto next = std::min(end + 1, block.end);
    const auto under = text.substr(next, std::min(text.find('\n', next), block.end) - next);
    if (!is_delimiter_row(utf8::trim(under))) return {};
    Block first = block;
    first.end = end;
    const auto pieces = units_of(text, first, most_tokens - 1);
    if (pieces.empty()) return {};
    TableHead head;
    head.row = text.substr(pieces[0].start, pieces[0].end - pieces[0].start);
    if (pieces.size() > 1) head.row += left_out;
    head.tokens = estimate_tokens(head.row);
    return head;
}

}  // namespace bb::materials::text
