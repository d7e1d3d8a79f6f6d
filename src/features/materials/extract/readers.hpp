#pragma once
#include <string>
#include <string_view>

#include "features/materials/extract/read.hpp"

/// One reader for each kind of file. Faults of all: those of read().
namespace bb::materials::extract {

Read<std::string> read_markdown(std::string_view bytes);
Read<std::string> read_plain(std::string_view bytes);
/// Source code in one fence; of a notebook the cells, without what they printed.
Read<std::string> read_code(std::string_view bytes, std::string_view name, const Limits& limits);
Read<std::string> read_csv(std::string_view bytes, const Limits& limits);
/// SRT and WebVTT: what is said, with a mark of the time where half a minute has passed.
Read<std::string> read_subtitles(std::string_view bytes);
Read<std::string> read_html(std::string_view bytes, const Limits& limits);
Read<std::string> read_docx(std::string_view bytes, const Limits& limits);
Read<std::string> read_pptx(std::string_view bytes, const Limits& limits);
Read<std::string> read_xlsx(std::string_view bytes, const Limits& limits);
Read<std::string> read_odt(std::string_view bytes, const Limits& limits);
Read<std::string> read_odp(std::string_view bytes, const Limits& limits);
Read<std::string> read_ods(std::string_view bytes, const Limits& limits);
Read<std::string> read_epub(std::string_view bytes, const Limits& limits);

/// Each of its fault, with a sentence for whoever brought the file.
Unread damaged(std::string words);
Unread mismatch(std::string words);
Unread locked(std::string words);
Unread too_much();

}  // namespace bb::materials::extract
