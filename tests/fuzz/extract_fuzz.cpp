#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "base/core/utf8.hpp"
#include "features/materials/extract/read.hpp"

namespace {

using namespace bb::materials::extract;

constexpr const char* file_names[] = {"a.md",   "a.txt",  "a.py",   "a.ipynb", "a.csv", "a.srt", "a.html",
                                      "a.docx", "a.pptx", "a.xlsx", "a.odt",   "a.odp", "a.ods", "a.epub"};

constexpr std::string_view main_relation = R"(<R><R Id="m" Type="/officeDocument" Target="m/m.xml"/></R>)";
constexpr std::string_view relations =
    R"(<R><R Id="s" Type="/styles" Target="1.xml"/><R Id="n" Type="/numbering" Target="2.xml"/>)"
    R"(<R Id="f" Type="/footnotes" Target="3.xml"/><R Id="t" Type="/sharedStrings" Target="4.xml"/>)"
    R"(<R Id="p" Type="/slide" Target="5.xml"/></R>)";
constexpr std::string_view container = R"(<c><rootfile full-path="content.opf"/></c>)";

void add(archive* zip, const char* name, std::string_view content) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_write_header(zip, entry);
    archive_write_data(zip, content.data(), content.size());
    archive_entry_free(entry);
}

/// A whole archive around parts that the fuzzer makes, for no change of its own would fit the checksums.
std::string wrapped(std::string_view parts) {
    constexpr const char* members[] = {"m/m.xml",     "m/1.xml", "m/2.xml",     "m/3.xml",
                                       "m/4.xml",     "m/5.xml", "content.xml", "styles.xml",
                                       "content.opf", "1.xhtml", "2.xhtml"};
    std::string bytes(parts.size() + 16'384, '\0');
    std::size_t used = 0;
    archive* zip = archive_write_new();
    archive_write_set_format_zip(zip);
    archive_write_set_options(zip, "zip:compression=store");
    archive_write_set_bytes_per_block(zip, 0);
    archive_write_open_memory(zip, bytes.data(), bytes.size(), &used);
    add(zip, "_rels/.rels", main_relation);
    add(zip, "m/_rels/m.xml.rels", relations);
    add(zip, "META-INF/container.xml", container);
    for (const char* name : members) {
        const auto end = std::min(parts.find('\x01'), parts.size());
        add(zip, name, parts.substr(0, end));
        parts.remove_prefix(std::min(end + 1, parts.size()));
    }
    archive_write_close(zip);
    archive_write_free(zip);
    bytes.resize(used);
    return bytes;
}

}  // namespace

// Any bytes are read as any kind, or refused, and what is read is UTF-8 within the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view name = file_names[(data[0] & 0x7f) % std::size(file_names)];
    const std::string_view given(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string archive = data[0] >= 0x80 ? wrapped(given) : std::string();
    Limits limits;
    limits.unpacked_bytes = 4u << 20;
    limits.text_bytes = 1u << 20;
    limits.html_seconds = 2;
    const auto text = read(*kind_of_name(name), data[0] >= 0x80 ? archive : given, name, limits);
    if (!text && text.error().words.empty()) std::abort();
    if (!text) return 0;
    if (text->size() > limits.text_bytes || !bb::utf8::valid(*text)) std::abort();
    if (text->find('\0') != std::string::npos || text->find('\r') != std::string::npos) std::abort();
    return 0;
}
