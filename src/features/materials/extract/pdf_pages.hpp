#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::extract {

/// The text of a PDF, page by page. Pages are counted from 0.
class PdfPages {
public:
    /// Of what pdftotext gives, which ends each page with a form feed: the first `most` pages.
    PdfPages(std::string_view text, std::size_t most);

    std::size_t count() const { return pages_.size(); }
    /// Whether a page has so little text that it must be a picture, with the name of a scanner on it perhaps.
    bool is_picture(std::size_t page) const;
    /// Pages of few letters beside others of many: a title, an empty page, or a picture.
    bool is_mixed() const;
    /// Only pages that hold a picture can be one from now on. `list` is what "pdfimages -list" prints.
    void know_pictures(std::string_view list);
    /// Takes what was read in the picture of a page in place of its text, where that is more.
    void see(std::size_t page, std::string_view words);
    bool has_words() const;

    /// All pages, a form feed between them, and a note at the end on what was not read: pictures from the
    /// page `unread` on, and pages behind the last.
    std::string text(std::optional<std::size_t> unread) const;

private:
    std::vector<std::string> pages_;
    std::vector<bool> without_picture_;  // by page; empty: not known
    bool goes_on_ = false;
};

}  // namespace bb::materials::extract
