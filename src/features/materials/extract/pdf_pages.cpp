#include "features/materials/extract/pdf_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/core/number.hpp"

namespace bb::materials::extract {
namespace {

std::ptrdiff_t letters_of(std::string_view page) {
    return std::count_if(page.begin(), page.end(),
                         [](char c) { return static_cast<unsigned char>(c) > ' '; });
}

}  // namespace

PdfPages::PdfPages(std::string_view text, std::size_t most) {
    while (!text.empty()) {
        goes_on_ = pages_.size() == most;
        if (goes_on_) return;
        const auto end = std::min(text.find('\f'), text.size());
        pages_.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

bool PdfPages::is_picture(std::size_t page) const {
    if (!without_picture_.empty() && without_picture_[page]) return false;
    constexpr std::ptrdiff_t few = 20;
    return letters_of(pages_[page]) < few;
}

bool PdfPages::is_mixed() const {
    std::size_t pictures = 0;
    for (std::size_t page = 0; page < pages_.size(); ++page) pictures += is_picture(page);
    return pictures > 0 && pictures < pages_.size();
}

void PdfPages::know_pictures(std::string_view list) {
    without_picture_.assign(pages_.size(), true);
    while (!list.empty()) {  // a head of two lines, then lines that begin with the number of the page
        const auto end = std::min(list.find('\n'), list.size());
        const auto line = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto word = line.substr(std::min(line.find_first_not_of(' '), line.size()));
        const auto page = parse_number(word.substr(0, word.find(' ')));
        if (page && *page >= 1 && static_cast<std::size_t>(*page) <= pages_.size())
            without_picture_[static_cast<std::size_t>(*page) - 1] = false;
    }
}

void PdfPages::see(std::size_t page, std::string_view words) {
    if (letters_of(words) > letters_of(pages_[page])) pages_[page] = words;
}

bool PdfPages::has_words() const {
    return std::any_of(pages_.begin(), pages_.end(), [](const auto& page) { return letters_of(page) > 0; });
}

std::string PdfPages::text(std::optional<std::size_t> unread) const {
    std::size_t filled = pages_.size();
    while (filled > 0 && letters_of(pages_[filled - 1]) == 0) --filled;
    std::string text;
    for (std::size_t page = 0; page < filled; ++page) text.append(page > 0 ? "\f" : "").append(pages_[page]);
    std::size_t pictures = pages_.size();  // from which on there is nothing else
    while (pictures > 0 && is_picture(pictures - 1)) --pictures;
    const bool rest = unread && *unread >= pictures;
    if (unread && !rest)
        text += fmt::format("\n\n(From page {} on, pages that are pictures were not read.)", *unread + 1);
    if (rest || goes_on_)
        text +=
            fmt::format("\n\n(The pages from {} on were not read.)", (rest ? *unread : pages_.size()) + 1);
    return text;
}

}  // namespace bb::materials::extract
