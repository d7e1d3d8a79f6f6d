#include "features/materials/extract/pdf_pages.hpp"

#include <fmt/format.h>

#include <algorithm>

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
    constexpr std::ptrdiff_t few = 20;
    return letters_of(pages_[page]) < few;
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
