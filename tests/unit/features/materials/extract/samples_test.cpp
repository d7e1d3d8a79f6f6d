#include <gtest/gtest.h>

#include "features/materials/text/blocks.hpp"
#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::extract {
namespace {

using test::text_of_sample;

constexpr const char* sample_notes =
    "# Photosynthesis\n\nPlants make sugar from light. The work is done in the chloroplast[^1], a small "
    "green "
    "body inside the cell.\n\n# What goes in\n\n- Light\n- Water\n    - taken up by the roots\n- Carbon "
    "dioxide\n\n## The steps\n\n1. Chlorophyll catches light.\n2. Water is split.\n\n| Part of the cell | "
    "What "
    "it does |\n| --- | --- |\n| Chloroplast | makes sugar |\n| Mitochondrion | burns sugar |\n\nLight "
    "travels "
    "3 × 10^8 metres in a second.\n\n\f\n## Ang dahon\n\nAng dahon ang kusina ng halaman. Dito niluluto ang "
    "asukal mula sa tubig, hangin at liwanag.\n\n[^1]: From Greek: green and formed.\n";

constexpr const char* sample_slides =
    "# Photosynthesis\n\n- Light comes in\n    - through the leaf\n- Sugar comes out\n\nNotes: Ask who has "
    "eaten a leaf today.\n\n\f\n# The parts\n\n| Part | Work |\n| --- | --- |\n| Chloroplast | makes sugar "
    "|\n| "
    "Root | drinks |\n\n\f\n# Ang dahon\n\nAng dahon ang kusina ng halaman.\n";

constexpr const char* sample_marks =
    "# Marks\n\nBiology, class 7A\n\n| Name | Day | Mark | Passed | Share |\n| --- | --- | --- | --- | --- "
    "|\n| "
    "Luz | 2026-03-09 | 92.5 | TRUE | 25% |\n| Bayani \\| Jr. | 2026-03-10 | 71 | FALSE | 75% |\n\n\f\n# "
    "Halaman\n\n| Bahagi | Gawain |\n| --- | --- |\n| Dahon | gumagawa ng asukal |\n";

TEST(ExtractSamples, WordDocumentOfLibreOffice) {
    EXPECT_EQ(text_of_sample("notes.docx"), sample_notes);
}

TEST(ExtractSamples, OpenDocumentTextSaysTheSame) {
    EXPECT_EQ(text_of_sample("notes.odt"), sample_notes);
}

TEST(ExtractSamples, WordDocumentOfPandoc) {
    EXPECT_EQ(
        text_of_sample("notes-word.docx"),
        "# Photosynthesis\n\nPlants make sugar from light. The work is done in the chloroplast, a small "
        "green body inside the cell.[^1]\n\n## What goes in\n\n- Light\n- Water\n    - taken up by the "
        "roots\n- Carbon dioxide\n\n## The steps\n\n1. Chlorophyll catches light.\n2. Water is split.\n3. "
        "Sugar is built.\n\n| Part of the cell | What it does |\n| --- | --- |\n| Chloroplast | makes "
        "sugar |\n| Mitochondrion | burns sugar |\n\n[^1]: The word comes from Greek: chloros, green, and "
        "plastos, formed.\n");
}

TEST(ExtractSamples, SlidesOfLibreOffice) {
    EXPECT_EQ(text_of_sample("slides.pptx"), sample_slides);
}

TEST(ExtractSamples, OpenDocumentSlidesSayTheSame) {
    EXPECT_EQ(text_of_sample("slides.odp"), sample_slides);
}

TEST(ExtractSamples, SheetsOfLibreOffice) {
    EXPECT_EQ(text_of_sample("marks.xlsx"), sample_marks);
}

TEST(ExtractSamples, OpenDocumentSheetsSayTheSame) {
    EXPECT_EQ(text_of_sample("marks.ods"), sample_marks);
}

TEST(ExtractSamples, BookOfPandoc) {
    EXPECT_EQ(
        text_of_sample("book.epub"),
        "# The Leaf\n\n# Leaves\n\nA leaf is flat, so that it catches much light.\n\n## "
        "Stomata\n\nStomata are small mouths that let air in.\n\n# Mga ugat\n\nAng mga ugat ay sumisipsip "
        "ng tubig mula sa lupa.\n\n| Part | Work |\n| --- | --- |\n| Root | drinks |\n| Leaf | eats light "
        "|\n");
}

TEST(ExtractSamples, PageOfPandoc) {
    EXPECT_EQ(
        text_of_sample("page.html"),
        "# Photosynthesis\n\nPlants make sugar from light, see the long story.\n\n## Ang dahon\n\nAng "
        "dahon ang kusina ng halaman. Dito niluluto ang asukal mula sa tubig, hangin at liwanag.\n\n- "
        "Light\n- Water\n    - taken up by the roots\n\n1. Chlorophyll catches light.\n2. Sugar is "
        "built.\n\n| Part of the cell | What it does |\n| --- | --- |\n| Chloroplast | makes sugar |\n| "
        "Mitochondrion | burns sugar |\n\n> Without leaves, no breakfast.\n\n```python\nfor leaf in "
        "plant:\n    leaf.open()\n```\n\nLight travels 3 × 10^8 metres in a second.\n");
}

TEST(ExtractSamples, TextInOldAndNewEncodings) {
    EXPECT_EQ(text_of_sample("latin1.txt"),
              "Das Blatt über dem Fluß\n\nGrüne Blätter – so nennt man sie – fangen das Licht ein.\nEl niño "
              "comió piña. Précis à propos.\n");
    EXPECT_EQ(text_of_sample("utf16.txt"),
              "Ang dahon\n\nAng dahon ang kusina ng halaman – dito niluluto ang asukal.\n");
}

TEST(ExtractSamples, SubtitlesOfBothKinds) {
    EXPECT_EQ(
        text_of_sample("talk.srt"),
        "[00:00:01] Good morning. Today we look at a leaf. It makes sugar from light.\n\n[00:00:34] Ang "
        "dahon ang kusina ng halaman.\n\n[01:02:03] Thank you, and goodbye.\n");
    EXPECT_EQ(
        text_of_sample("talk.vtt"),
        "[00:00:01] Good morning. Today we look at a leaf. It makes sugar from light & water.\n\n[00:00:40] "
        "Ang dahon ang kusina ng halaman.\n");
}

TEST(ExtractSamples, TableWithSemicolonsAndQuotes) {
    EXPECT_EQ(
        text_of_sample("marks.csv"),
        "| Name | Day | Remark |\n| --- | --- | --- |\n| Luz | 2026-03-09 | very good; keep on |\n| Bayani "
        "| 2026-03-10 | said \"why?\" and asked \\| again |\n");
}

TEST(ExtractSamples, PdfIsReadElsewhere) {
    const auto text = read(Kind::pdf, test::sample("pages.pdf"), "pages.pdf");
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().fault, Fault::mismatch);
}

TEST(ExtractSamples, EveryPrefixOfASampleIsReadOrRefused) {
    for (const char* name : {"notes.docx", "notes.odt", "slides.pptx", "marks.xlsx", "book.epub", "page.html",
                             "talk.vtt", "marks.csv", "utf16.txt"}) {
        const std::string whole = test::sample(name);
        for (std::size_t size = 0; size < whole.size(); size += whole.size() / 40 + 1) {
            const auto cut = read(*kind_of_name(name), whole.substr(0, size), name);
            const bool archive = whole.starts_with("PK");
            if (archive) {
                EXPECT_FALSE(cut) << name << " of " << size;
            }
        }
    }
}

TEST(ExtractSamples, EveryDamagedByteIsReadOrRefused) {
    for (const char* name : {"notes.docx", "slides.odp", "marks.xlsx", "book.epub"}) {
        const std::string whole = test::sample(name);
        for (std::size_t at = 0; at < whole.size(); at += whole.size() / 200 + 1) {
            std::string bad = whole;
            bad[at] = static_cast<char>(bad[at] ^ 0x55);
            (void)read(*kind_of_name(name), bad, name);
        }
    }
}

TEST(ExtractSamples, HeadingsAreFoundInWhatComesOut) {
    const std::string text = text_of_sample("notes.docx");
    std::vector<std::string> headings;
    for (const auto& block : text::blocks_of(text, format_of(Kind::docx)))
        if (block.kind == text::Block::Kind::heading) headings.push_back(block.heading);
    EXPECT_EQ(headings,
              (std::vector<std::string>{"Photosynthesis", "What goes in", "The steps", "Ang dahon"}));
}

}  // namespace
}  // namespace bb::materials::extract
