#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bb::materials::extract {

using Row = std::vector<std::string>;

/// Appends Markdown piece by piece. Words that happen to look like a heading, a list item, a table or a fence
/// at the start of a line are escaped.
class Markdown {
public:
    /// What is added once `most` bytes are there is dropped, and full() tells.
    explicit Markdown(std::size_t most) : most_(most) {}

    void heading(int level, std::string_view words);
    /// Line breaks in it are kept.
    void paragraph(std::string_view words);
    /// `depth` counts from 0. A `number` of 0 makes a bullet.
    void item(int depth, int number, std::string_view words);
    /// The next item begins a list of its own.
    void end_list() { last_depth_ = -1; }
    void quote(std::string_view words);
    void code(std::string_view given, std::string_view language = {});
    /// The first row is the head. It is repeated after `most_bytes_of_a_table`, so that a page that draws a
    /// long text piece by piece has it in each; passages have it by themselves (text/tables.hpp).
    void table(const std::vector<Row>& rows);
    /// Adds a row, unless it is empty, to those of a table that is still being read. When there are many,
    /// those that are complete are appended, so that they never fill the memory; the rest is for table().
    void add_row(std::vector<Row>& rows, Row row);
    /// Begins a page, slide or sheet.
    void page();
    /// Begins a page, unless nothing was added since the last one began.
    void page_break();
    /// Adds a block that is Markdown already.
    void block(std::string_view text);
    /// Adds what is Markdown already, right behind what is there.
    void raw(std::string_view text);

    bool full() const { return full_; }
    std::string take() { return std::move(text_); }

    static constexpr std::size_t most_bytes_of_a_table = 20'000;

private:
    /// Appends the head and rows from `from` on, and gives where the next table goes on.
    std::size_t one_table(const std::vector<Row>& rows, std::size_t from, std::size_t columns);

    std::size_t most_;
    std::string text_;
    int last_depth_ = -1;  // of the list item just added
    bool page_begun_ = true;
    bool full_ = false;
};

/// A fence longer than any run of back quotes in `text`.
std::string fence_for(std::string_view text);

}  // namespace bb::materials::extract
