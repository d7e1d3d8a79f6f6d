#include "unit/features/materials/extract/files.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/http/file_body.hpp"

namespace bb::materials::extract::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefixes =
    R"( xmlns:w="w" xmlns:r="r" xmlns:p="p" xmlns:a="a" xmlns:mc="mc" xmlns:v="v" xmlns:wps="wps")";

std::string relations(const Members& type_and_target) {
    std::string xml = "<Relationships>";
    for (const auto& [type, target] : type_and_target)
        xml += "<Relationship Id=\"" + target + "\" Type=\"http://example.org/" + type + "\" Target=\"" +
               target + "\"/>";
    return xml + "</Relationships>";
}

/// A package whose main part is "main/main.xml"; the others stand beside it.
std::string office(const std::string& main, const Members& parts) {
    Members members{{"[Content_Types].xml", "<Types/>"},
                    {"_rels/.rels", relations({{"officeDocument", "main/main.xml"}})},
                    {"main/main.xml", main}};
    Members related;
    for (const auto& [name, xml] : parts) {
        related.emplace_back(name, name + ".xml");
        members.emplace_back("main/" + name + ".xml", xml);
    }
    members.emplace_back("main/_rels/main.xml.rels", relations(related));
    return zipped(members);
}

/// Opened before a test gives up the rights of root, with which alone it may be reached.
const int samples_folder = [] {
    for (fs::path from : {fs::read_symlink("/proc/self/exe"), fs::current_path() / "x"})
        for (from = from.parent_path(); from != from.root_path(); from = from.parent_path()) {
            const auto folder = from / "tests/samples";
            const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (fd >= 0) return fd;
        }
    return -1;
}();

}  // namespace

std::string sample(const std::string& name) {
    const int fd = ::openat(samples_folder, name.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) throw std::runtime_error("tests/samples/" + name + " is not there");
    auto body = http::whole_file(http::share_descriptor(fd));
    std::string bytes(body.size, '\0');
    bytes.resize(http::read_full(*body.source, bytes.data(), bytes.size()));
    return bytes;
}

std::string text_of(const std::string& name, std::string_view bytes, const Limits& limits) {
    const auto text = read(kind_of_name(name).value(), bytes, name, limits);
    return text ? *text : std::string(name_of(text.error().fault)) + ": " + text.error().words;
}

std::string text_of_sample(const std::string& name) {
    return text_of(name, sample(name));
}

std::string zipped(const Members& members, const std::string& password) {
    std::size_t room = 1u << 16;
    for (const auto& [name, content] : members) room += 2 * name.size() + content.size() + 1024;
    std::string zip(room, '\0');
    std::size_t used = 0;
    const std::unique_ptr<archive, decltype(&archive_write_free)> out(archive_write_new(),
                                                                      archive_write_free);
    archive_write_set_format_zip(out.get());
    archive_write_set_bytes_per_block(out.get(), 0);
    if (!password.empty()) {
        archive_write_set_options(out.get(), "zip:encryption=traditional");
        archive_write_set_passphrase(out.get(), password.c_str());
    }
    archive_write_open_memory(out.get(), zip.data(), zip.size(), &used);
    for (const auto& [name, content] : members) {
        const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                                  archive_entry_free);
        archive_entry_set_pathname(entry.get(), name.c_str());
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
        if (archive_write_header(out.get(), entry.get()) < ARCHIVE_WARN ||
            archive_write_data(out.get(), content.data(), content.size()) !=
                static_cast<la_ssize_t>(content.size()))
            throw std::runtime_error(archive_error_string(out.get()));
    }
    archive_write_close(out.get());
    zip.resize(used);
    return zip;
}

std::string docx(const std::string& body, const Members& parts) {
    return office(std::string("<w:document") + prefixes + "><w:body>" + body + "</w:body></w:document>",
                  parts);
}

std::string pptx(const std::string& slide_ids, const Members& slides) {
    Members parts;
    for (const auto& [name, shapes] : slides)
        parts.emplace_back(name, std::string("<p:sld") + prefixes + "><p:cSld><p:spTree>" + shapes +
                                     "</p:spTree></p:cSld></p:sld>");
    return office(std::string("<p:presentation") + prefixes + "><p:sldIdLst>" + slide_ids +
                      "</p:sldIdLst></p:presentation>",
                  parts);
}

std::string xlsx(const std::string& sheet_data, const Members& parts) {
    Members all = parts;
    all.emplace_back("worksheet", "<worksheet><sheetData>" + sheet_data + "</sheetData></worksheet>");
    return office(
        "<workbook xmlns:r=\"r\"><sheets><sheet name=\"One\" r:id=\"worksheet.xml\"/></sheets></workbook>",
        all);
}

std::string opendocument(const std::string& body, const std::string& styles) {
    return zipped({{"mimetype", "application/vnd.oasis.opendocument"},
                   {"content.xml", "<office:document-content><office:automatic-styles>" + styles +
                                       "</office:automatic-styles><office:body>" + body +
                                       "</office:body></office:document-content>"}});
}

std::string epub(const Members& chapters) {
    std::string manifest;
    std::string spine;
    Members members{
        {"META-INF/container.xml",
         "<container><rootfiles><rootfile full-path=\"OEBPS/book.opf\"/></rootfiles></container>"}};
    for (const auto& [address, xhtml] : chapters) {
        manifest +=
            "<item id=\"" + address + "\" href=\"" + address + "\" media-type=\"application/xhtml+xml\"/>";
        spine += "<itemref idref=\"" + address + "\"/>";
        std::string name = address;
        if (const auto at = name.find("%20"); at != std::string::npos) name.replace(at, 3, " ");
        members.emplace_back("OEBPS/" + name, xhtml);
    }
    members.emplace_back("OEBPS/book.opf", "<package><manifest>" + manifest + "</manifest><spine>" + spine +
                                               "</spine></package>");
    return zipped(members);
}

}  // namespace bb::materials::extract::test
