#pragma once
#include <string>
#include <string_view>

namespace bb::materials::extract {

/// How the number of a cell is shown, as far as it matters to a reader.
enum class CellFormat { number, percent, date, time, date_and_time };

/// By one of Excel's own formats, which have numbers but no text in the file.
CellFormat format_of_number(int id);
/// By the text of a format, such as "dd/mm/yyyy" or "0.0%".
CellFormat format_of_code(std::string_view code);

/// A number as it stands in the file, in the words of its format: "2026-03-09" for a date. What is no number
/// stays as it is.
std::string shown(std::string_view number, CellFormat format, bool from_1904);

}  // namespace bb::materials::extract
