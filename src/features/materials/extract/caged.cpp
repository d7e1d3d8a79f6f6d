#include "features/materials/extract/caged.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <future>

#include "base/core/utf8.hpp"
#include "features/materials/extract/child.hpp"
#include "features/materials/extract/pdf_pages.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/signature.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_text = 8u << 20;
constexpr std::size_t most_picture = 64u << 20;
constexpr int most_pictures = 100;  // pages of a PDF
constexpr std::chrono::minutes longest{5};
constexpr int last_page = 5000;            // that is kept
constexpr int beyond = last_page + 1;      // which tells that there are more
constexpr int worth_halving = 40;          // pages
constexpr std::size_t longest_count = 16;  // bytes of "/Count 12345", and some
constexpr int no_such_page = 99;           // of pdftotext(1) and pdftoppm(1)

/// The steps of reading one file, within one time.
class Steps {
public:
    explicit Steps(std::stop_token stop) : stop_(std::move(stop)), deadline_(Clock::now() + longest) {}

    CageOutcome run(const char* what, const std::string& word, const CagedFile& file,
                    std::size_t most = most_text) {
        CageLimits limits;
        const auto left = std::chrono::floor<std::chrono::seconds>(deadline_ - Clock::now());
        limits.time = std::min(limits.time, std::max(left, std::chrono::seconds(0)));
        limits.output = most;
        limits.stop = stop_;
        limits.bubblewrap = bubblewrap_that_works();
        try {
            return run_caged(what, word, file, limits);
        } catch (const BubblewrapFailed&) {
            doubt_bubblewrap();
            throw;
        }
    }

private:
    std::stop_token stop_;
    Clock::time_point deadline_;
};

Unread unread(Fault fault, const char* words) {
    return {fault, words};
}

/// What pdftotext complains of (pdftotext(1)).
Unread pdf_fault(const CageOutcome& ended) {
    if (ended.complaints.find("Incorrect password") != std::string::npos)
        return unread(Fault::locked,
                      "The PDF is protected by a password. Save it without one, and upload that.");
    if (ended.code == 3)
        return unread(Fault::locked, "The author of this PDF does not allow its text to be copied.");
    return unread(Fault::damaged, "The PDF is damaged, or is none. Open it, save it again, and upload that.");
}

/// What the reading process said, which may have been taken over by the file.
Unread as_said(const std::string& output) {
    const auto line = output.find('\n');
    const auto fault = fault_named(output.substr(0, line));
    if (!fault || line == std::string::npos) return unread(Fault::damaged, "The file is damaged.");
    const auto words = as_kept(output.substr(line + 1, 2000), false);
    return {*fault, std::string(utf8::trim(utf8::prefix(words, 300)))};
}

/// Nothing when the step went well.
std::optional<Unread> fault_of(const CageOutcome& ended, bool pdf = false) {
    if (ended.too_much) return too_much();
    if (ended.too_slow || ended.code == 128 + SIGXCPU)
        return unread(Fault::too_slow, "The file takes too long to read. Split it into smaller files.");
    if (ended.code == refused) return as_said(ended.output);
    if (ended.code == 0) return std::nullopt;
    return pdf ? pdf_fault(ended) : unread(Fault::damaged, "The file is damaged: its reader gave up.");
}

bool has_words(std::string_view text) {
    return text.find_first_not_of(" \n\t\f\r") != std::string_view::npos;
}

/// The text in the picture of a page, from 1; none where there is no such page.
Read<std::string> read_page_picture(Steps& steps, const CagedFile& file, std::size_t page) {
    const auto picture = steps.run(read_pdf_picture, std::to_string(page), file, most_picture);
    if (picture.code == no_such_page || (picture.code == 0 && picture.output.empty())) return std::string();
    if (auto fault = fault_of(picture, true)) return std::move(*fault);
    const auto words = steps.run(read_picture, "-", CagedFile(picture.output));
    if (auto fault = fault_of(words)) return std::move(*fault);
    return words.output.substr(0, words.output.find('\f'));  // tesseract ends each page itself
}

/// The first page, from 0, whose picture was not read, and why.
struct Unseen {
    std::size_t page;
    Unread why;
};

/// Reads the text in the pages that are pictures, as many as there is time for.
std::optional<Unseen> read_pictures(Steps& steps, const CagedFile& file, PdfPages& pages) {
    int pictures = 0;
    for (std::size_t page = 0; page < pages.count(); ++page) {
        if (!pages.is_picture(page)) continue;
        if (++pictures > most_pictures) return Unseen{page, too_much()};
        const auto words = read_page_picture(steps, file, page + 1);
        if (!words) return Unseen{page, words.error()};
        pages.see(page, *words);
    }
    return std::nullopt;
}

/// How many pages a PDF says to have, where it says so in plain text: enough to know where to cut it, whether
/// it is true or not. 0: it says nothing.
int pages_said(const CagedFile& file) {
    constexpr std::string_view word = "/Count ";
    std::string piece(256 * 1024, '\0');
    int most = 0;
    for (std::size_t at = 0; at < file.size(); at += piece.size() - longest_count) {
        const auto text = std::string_view(piece).substr(0, file.read(at, piece.data(), piece.size()));
        for (auto found = text.find(word); found != std::string_view::npos;
             found = text.find(word, found + 1)) {
            const auto digits = text.substr(found + word.size(), longest_count - word.size());
            int pages = 0;
            std::from_chars(digits.data(), digits.data() + digits.size(), pages);
            most = std::max(most, pages);
        }
    }
    return std::min(most, last_page);
}

CageOutcome read_pages(Steps& steps, const CagedFile& file, int first, int last) {
    return steps.run(read_pdf, fmt::format("{}-{}", first, last), file);
}

/// The text of all pages: of a long PDF its halves are read side by side.
CageOutcome read_all_pages(Steps& steps, const CagedFile& file) {
    const int pages = pages_said(file);
    if (pages < worth_halving) return read_pages(steps, file, 1, beyond);
    auto second =
        std::async(std::launch::async, [&] { return read_pages(steps, file, pages / 2 + 1, beyond); });
    auto whole = read_pages(steps, file, 1, pages / 2);
    const auto rest = second.get();
    if (fault_of(whole, true) || rest.code == no_such_page) return whole;
    if (rest.too_slow || rest.too_much) return rest;
    if (rest.code != 0) return read_pages(steps, file, 1, beyond);  // it has not the pages that it says
    whole.output += rest.output;
    whole.too_much = whole.output.size() > most_text;
    return whole;
}

/// Why a file is no PDF though there may be one behind its first bytes: it could be read as either.
std::optional<Unread> other_than_pdf(const CagedFile& file) {
    char start[16];
    return wrong_content(Kind::pdf, std::string_view(start, file.read(0, start, sizeof start)));
}

Read<std::string> read_a_pdf(Steps& steps, const CagedFile& file) {
    if (auto other = other_than_pdf(file)) return std::move(*other);
    const auto ended = read_all_pages(steps, file);
    if (auto fault = fault_of(ended, true)) return std::move(*fault);
    PdfPages pages(ended.output, last_page);
    if (pages.is_mixed()) {
        const auto list = steps.run(list_pdf_pictures, std::to_string(last_page), file);
        if (list.code == 0 && !list.too_much) pages.know_pictures(list.output);
    }
    auto unseen = read_pictures(steps, file, pages);
    if (unseen && !pages.has_words()) return std::move(unseen->why);
    return pages.text(unseen ? std::optional(unseen->page) : std::nullopt);
}

Read<std::string> read_by(Kind kind, Steps& steps, const CagedFile& file, const std::string& name) {
    if (kind == Kind::pdf) return read_a_pdf(steps, file);
    // Of its name the ending alone: others see the words of a process.
    const auto ending = "file" + name.substr(name.rfind('.'));
    auto ended =
        kind == Kind::picture ? steps.run(read_picture, "-", file) : steps.run(read_kind, ending, file);
    if (auto fault = fault_of(ended)) return std::move(*fault);
    return std::move(ended.output);
}

}  // namespace

Read<std::string> read_caged(const CagedFile& file, const std::string& name, std::stop_token stop) {
    const auto kind = kind_of_name(name);
    if (!kind) return unread(Fault::mismatch, "Files of this kind cannot be read.");
    Steps steps(std::move(stop));
    auto text = read_by(*kind, steps, file, name);
    if (!text) return text;
    auto clean = as_kept(*text, *kind == Kind::pdf || *kind == Kind::picture);
    if (!has_words(clean)) return unread(Fault::empty, "The file holds no text.");
    return clean;
}

}  // namespace bb::materials::extract
