#include <map>
#include <string>

#include "features/materials/extract/archive.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/html.hpp"
#include "features/materials/extract/package.hpp"
#include "features/materials/extract/readers.hpp"
#include "features/materials/extract/tidy.hpp"

namespace bb::materials::extract {
namespace {

/// An address within a book without its anchor, with "%20" and the like as the bytes they stand for.
std::string path_of(std::string_view address) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    address = address.substr(0, address.find('#'));
    std::string path;
    for (std::size_t i = 0; i < address.size(); ++i) {
        const bool coded = address[i] == '%' && i + 2 < address.size() && digit(address[i + 1]) >= 0 &&
                           digit(address[i + 2]) >= 0;
        path += coded ? static_cast<char>(digit(address[i + 1]) * 16 + digit(address[i + 2])) : address[i];
        if (coded) i += 2;
    }
    return path;
}

/// Reads the chapters of one book in their order.
class Book {
public:
    Book(Archive archive, const Limits& limits) : archive_(std::move(archive)), limits_(limits) {}

    Read<std::string> read() {
        const auto container = part("META-INF/container.xml");
        if (!container) return container.error();
        const auto root = find_below(container->root(), "rootfile");
        const std::string name = path_of(attribute_of(root, "full-path"));
        const auto package = part(name);
        if (!package) return package.error();
        if (archive_.has("META-INF/rights.xml") || archive_.has("META-INF/license.lcpl"))
            return locked("The book is protected: only the app of its seller can open it.");
        chapters_of(name, package->root());
        Markdown out(limits_.text_bytes);
        std::size_t chapters = 0;
        for (const auto node : child_of(package->root(), "spine")) {
            if (++chapters > limits_.entries) return too_much();
            const auto found = chapters_.find(attribute_of(node, "idref"));
            if (found == chapters_.end() || attribute_of(node, "linear") == "no") continue;
            const auto done = chapter(out, found->second);
            if (!done) return done.error();
        }
        return out.take();
    }

private:
    Read<Xml> part(std::string_view name) {
        auto text = archive_.read(name);
        if (!text) return text.error();
        return Xml::parse(std::move(*text), limits_);
    }

    void chapters_of(const std::string& package, pugi::xml_node root) {
        for (const auto item : child_of(root, "manifest")) {
            const auto type = attribute_of(item, "media-type");
            const bool is_page = type == "application/xhtml+xml" || type == "text/html";
            const bool is_contents = attribute_of(item, "properties").find("nav") != std::string_view::npos;
            if (is_page && !is_contents)
                chapters_.emplace(attribute_of(item, "id"),
                                  resolved(package, path_of(attribute_of(item, "href"))));
        }
    }

    Read<void> chapter(Markdown& out, const std::string& name) {
        const auto bytes = archive_.read(name);
        if (!bytes) return bytes.error();
        const auto page = decoded(*bytes);
        if (!page) return page.error();
        return append_xhtml(out, tidy(*page), limits_);
    }

    Archive archive_;
    Limits limits_;
    std::map<std::string, std::string, std::less<>> chapters_;
};

}  // namespace

Read<std::string> read_epub(std::string_view bytes, const Limits& limits) {
    auto archive = Archive::open(bytes, limits);
    if (!archive) return archive.error();
    if (!archive->has("META-INF/container.xml"))
        return mismatch("The file is not what its name says: it is another kind of archive.");
    return Book(std::move(*archive), limits).read();
}

}  // namespace bb::materials::extract
