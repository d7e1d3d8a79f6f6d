#include <gtest/gtest.h>

#include "base/core/utf8.hpp"
#include "features/materials/text/passages.hpp"
#include "unit/features/materials/extract/files.hpp"

namespace bb::materials::text {
namespace {

using extract::test::docx;
using extract::test::text_of;
using extract::test::xlsx;

constexpr int most_cut_tokens = 400;
const std::vector<std::string> columns{"Province", "Capital", "Population in 2020", "Known for"};

std::string cell_of(int row, std::size_t column) {
    return columns[column] + " of " + std::to_string(1000 + row);
}

std::string markdown_table(int rows, const std::string& after_row = "\n") {
    std::string table = "| Province | Capital | Population in 2020 | Known for |" + after_row +
                        "| --- | :-- | --: | --- |" + after_row;
    for (int row = 0; row < rows; ++row) {
        for (std::size_t i = 0; i < columns.size(); ++i) table += "| " + cell_of(row, i) + " ";
        table += "|" + after_row;
    }
    return table;
}

std::string csv_table(int rows) {
    std::string csv = "Province,Capital,Population in 2020,Known for\n";
    for (int row = 0; row < rows; ++row)
        for (std::size_t i = 0; i < columns.size(); ++i)
            csv += cell_of(row, i) + (i + 1 < columns.size() ? "," : "\n");
    return csv;
}

std::string xlsx_table(int rows) {
    std::string data;
    for (int row = -1; row < rows; ++row) {
        data += "<row>";
        for (std::size_t i = 0; i < columns.size(); ++i)
            data += "<c t=\"inlineStr\"><is><t>" + (row < 0 ? columns[i] : cell_of(row, i)) + "</t></is></c>";
        data += "</row>";
    }
    return data;
}

std::string docx_table(int rows) {
    std::string body = "<w:tbl>";
    for (int row = -1; row < rows; ++row) {
        body += "<w:tr>";
        for (std::size_t i = 0; i < columns.size(); ++i)
            body += "<w:tc><w:p><w:r><w:t>" + (row < 0 ? columns[i] : cell_of(row, i)) +
                    "</w:t></w:r></w:p></w:tc>";
        body += "</w:tr>";
    }
    return body + "</w:tbl>";
}

/// What stands in the range of a passage.
std::string_view own_text(std::string_view text, const Passage& passage) {
    const auto from = utf8::offset_of(text, static_cast<std::size_t>(passage.start));
    return text.substr(from, utf8::offset_of(text, static_cast<std::size_t>(passage.end)) - from);
}

/// All of the table is in the passages once, each is within the bounds, and its rows have their head.
void expect_headed(std::string_view text, const std::string& head) {
    const auto passages = cut_passages(text, Format::markdown);
    ASSERT_GT(passages.size(), 3u);
    std::size_t own = 0;
    for (std::size_t i = 0; i < passages.size(); ++i) {
        const Passage& passage = passages[i];
        EXPECT_TRUE(passage.text.starts_with(head + '\n')) << passage.text.substr(0, 200);
        EXPECT_TRUE(passage.text.ends_with(own_text(text, passage)));
        EXPECT_EQ(passage.text.find(head, 1), std::string::npos) << "once is enough";
        EXPECT_LE(estimate_tokens(passage.text), most_cut_tokens);
        if (i + 1 < passages.size()) {
            EXPECT_GE(estimate_tokens(passage.text), 200);
        }
        own += own_text(text, passage).size() + 1;
    }
    EXPECT_EQ(own, text.size() - text.find(head)) << "each row is in one passage";
}

TEST(CutTables, BeginWithTheirHeadInEachPassageWhateverFileTheyComeFrom) {
    const std::string head = "| Province | Capital | Population in 2020 | Known for |";
    expect_headed(markdown_table(80), head);
    expect_headed(text_of("a.csv", csv_table(80)), head);
    expect_headed(text_of("a.xlsx", xlsx(xlsx_table(80))), head);
    expect_headed(text_of("a.docx", docx(docx_table(80))), head);
}

TEST(CutTables, KeepTheirHeadWhereLinesEndInCrLf) {
    const auto passages = cut_passages(markdown_table(40, "\r\n"), Format::markdown);
    ASSERT_GT(passages.size(), 1u);
    EXPECT_TRUE(passages[1].text.starts_with("| Province | Capital | Population in 2020 | Known for |\n| "));
}

TEST(CutTables, RepeatOnlyTheBeginningOfAHeadThatIsTooLarge) {
    std::string table = "|", under = "|", row = "|";
    for (int i = 0; i < 120; ++i) {
        table += " Question " + std::to_string(i) + " |";
        under += " --- |";
        row += " yes |";
    }
    table += '\n' + under + '\n';
    for (int i = 0; i < 20; ++i) table += row + '\n';
    const auto passages = cut_passages(table, Format::markdown);
    ASSERT_GT(passages.size(), 5u);
    for (std::size_t i = 1; i < passages.size(); ++i) {
        const auto end = passages[i].text.find('\n');
        const auto head = passages[i].text.substr(0, end);
        EXPECT_TRUE(head.starts_with("| Question 0 | Question 1 |")) << head;
        EXPECT_TRUE(head.ends_with(" …")) << head;
        EXPECT_LE(estimate_tokens(head), most_cut_tokens / 4);
        EXPECT_LE(estimate_tokens(passages[i].text), most_cut_tokens);
    }
}

TEST(CutTables, RepeatTheHeadAlsoInTheMiddleOfARowThatIsTooLarge) {
    std::string long_cell;
    for (int i = 0; i < 900; ++i) long_cell += "word ";
    const std::string table = "| Poem | Text |\n|---|---|\n| One | " + long_cell + "|\n| Two | short |\n";
    const auto passages = cut_passages(table, Format::markdown);
    ASSERT_GT(passages.size(), 2u);
    for (const Passage& passage : passages) {
        EXPECT_TRUE(passage.text.starts_with("| Poem | Text |\n")) << passage.text.substr(0, 40);
        EXPECT_LE(estimate_tokens(passage.text), most_cut_tokens);
    }
}

TEST(CutTables, WithoutAHeadHaveNone) {
    std::string table;
    for (int i = 0; i < 80; ++i) table += "| left " + std::to_string(i) + " | right | middle |\n";
    const auto passages = cut_passages(table, Format::markdown);
    ASSERT_GT(passages.size(), 1u);
    for (const Passage& passage : passages) EXPECT_EQ(passage.text, own_text(table, passage));
    const std::string code = "```\n| a | b |\n|---|---|\n" + table + "```\n";
    for (const Passage& passage : cut_passages(code, Format::markdown))
        EXPECT_EQ(passage.text, own_text(code, passage));
}

TEST(CutTables, LeaveWhatStandsAroundThemAsItIs) {
    const std::string text = "# Provinces\n\nThey are many.\n\n" + markdown_table(60) + "\nThat was all.\n";
    const auto passages = cut_passages(text, Format::markdown);
    ASSERT_GT(passages.size(), 2u);
    EXPECT_TRUE(passages[0].text.starts_with("They are many.\n\n| Province |"));
    EXPECT_TRUE(passages.back().text.ends_with("|\n\nThat was all."));
    EXPECT_EQ(cut_passages("| a | b |\n|---|---|\n| 1 | 2 |\n", Format::markdown).at(0).text,
              "| a | b |\n|---|---|\n| 1 | 2 |");
}

}  // namespace
}  // namespace bb::materials::text
