#include "features/materials/extract/caged.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/extract/child.hpp"
#include "features/materials/extract/read.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_text = 8u << 20;
constexpr std::size_t most_picture = 64u << 20;
constexpr int most_pictures = 100;  // pages of a PDF
constexpr std::chrono::minutes longest{5};
constexpr int no_such_page = 99;  // of pdftoppm(1)

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
        return run_caged(what, word, file, limits);
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
    if (ended.too_much)
        return unread(Fault::too_large, "The file holds too much to be read. Split it into smaller files.");
    if (ended.too_slow || ended.code == 128 + SIGXCPU)
        return unread(Fault::too_slow, "The file takes too long to read. Split it into smaller files.");
    if (ended.code == refused) return as_said(ended.output);
    if (ended.code == 0) return std::nullopt;
    return pdf ? pdf_fault(ended) : unread(Fault::damaged, "The file is damaged: its reader gave up.");
}

bool has_words(std::string_view text) {
    return text.find_first_not_of(" \n\t\f\r") != std::string_view::npos;
}

/// So little text that the pages must be pictures, with the name of a scanner on them perhaps.
bool is_scan(std::string_view text) {
    constexpr std::ptrdiff_t few_letters = 20;  // on a page
    const auto pages = std::max<std::ptrdiff_t>(1, std::count(text.begin(), text.end(), '\f'));
    const auto letters =
        std::count_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > ' '; });
    return letters < few_letters * pages;
}

/// The text in the pictures that the pages of a PDF are. Of a long one as many as there is time for.
Read<std::string> read_scan(Steps& steps, const CagedFile& file) {
    std::string text;
    for (int page = 1;; ++page) {
        const auto picture = steps.run(read_pdf_picture, std::to_string(page), file, most_picture);
        if (picture.code == no_such_page || (picture.code == 0 && picture.output.empty())) return text;
        auto fault = fault_of(picture, true);
        CageOutcome words;
        if (!fault && page <= most_pictures) words = steps.run(read_picture, "-", CagedFile(picture.output));
        if (!fault) fault = fault_of(words);
        const bool enough = page > most_pictures || (fault && fault->fault == Fault::too_slow);
        if (enough && page > 1) return text + fmt::format("\n\n(The pages from {} on were not read.)", page);
        if (fault) return std::move(*fault);
        if (page > 1) text += '\f';
        text += words.output.substr(0, words.output.find('\f'));  // tesseract ends each page itself
    }
}

Read<std::string> read_a_pdf(Steps& steps, const CagedFile& file) {
    auto ended = steps.run(read_pdf, "-", file);
    if (auto fault = fault_of(ended, true)) return std::move(*fault);
    if (!is_scan(ended.output)) return std::move(ended.output);
    auto scan = read_scan(steps, file);
    const bool better = scan ? scan->size() >= ended.output.size() : !has_words(ended.output);
    if (better) return scan;
    return std::move(ended.output);
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
