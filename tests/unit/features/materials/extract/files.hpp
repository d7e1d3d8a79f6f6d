#pragma once
#include <string>
#include <utility>
#include <vector>

#include "features/materials/extract/read.hpp"

namespace bb::materials::extract::test {

/// A file of tests/samples, which is looked for above the test program and above the working folder.
std::string sample(const std::string& name);

/// The text of a file by the kind of its name; "<fault>: <words>" when it cannot be read.
std::string text_of(const std::string& name, std::string_view bytes, const Limits& limits = {});
std::string text_of_sample(const std::string& name);

using Members = std::vector<std::pair<std::string, std::string>>;
/// A ZIP file with these members. With a password all of them are encrypted.
std::string zipped(const Members& members, const std::string& password = {});

/// The least that makes a Word document, with this body, and further parts that it refers to by their kind:
/// {"styles", "<w:styles>..."}.
std::string docx(const std::string& body, const Members& parts = {});
std::string pptx(const std::string& slide_ids, const Members& slides);
/// A workbook with one sheet of this content.
std::string xlsx(const std::string& sheet_data, const Members& parts = {});
std::string opendocument(const std::string& body, const std::string& styles = {});
/// A book whose chapters come in this order.
std::string epub(const Members& chapters);

}  // namespace bb::materials::extract::test
