#include <algorithm>
#include <vector>

#include "base/core/utf8.hpp"
#include "features/materials/extract/encoding.hpp"
#include "features/materials/extract/markdown.hpp"
#include "features/materials/extract/package.hpp"
#include "features/materials/extract/readers.hpp"

namespace bb::materials::extract {
namespace {

constexpr int deepest_bullet = 8;

/// The words of a paragraph of DrawingML.
void append_drawn(std::string& out, pugi::xml_node parent) {
    for (const auto node : parent) {
        const auto name = name_of(node);
        if (name == "t")
            out += node.text().get();
        else if (name == "br")
            out += '\n';
        else if (name == "AlternateContent")
            append_drawn(out,
                         child_of(node, "Choice") ? child_of(node, "Choice") : child_of(node, "Fallback"));
        else if (name != "pPr" && name != "rPr")
            append_drawn(out, node);
    }
}

std::string drawn_words(pugi::xml_node paragraphs) {
    std::string words;
    for (const auto node : paragraphs) {
        if (!is(node, "p")) continue;
        append_drawn(words, node);
        words += '\n';
    }
    return words;
}

pugi::xml_node placeholder_of(pugi::xml_node shape) {
    for (const auto child : shape)
        if (name_of(child).starts_with("nv")) return child_of(child_of(child, "nvPr"), "ph");
    return {};
}

/// Walks over the shapes of a slide.
class SlideWalker {
public:
    explicit SlideWalker(Markdown& out) : out_(out) {}

    void titles(pugi::xml_node tree) {
        each_shape(tree, [&](pugi::xml_node shape) {
            if (is(shape, "sp") && is_title(shape)) out_.heading(1, drawn_words(child_of(shape, "txBody")));
        });
    }

    void bodies(pugi::xml_node tree) {
        each_shape(tree, [&](pugi::xml_node shape) {
            if (is(shape, "graphicFrame"))
                table(find_below(shape, "tbl"));
            else if (!is_title(shape))
                body(shape);
        });
    }

    void notes(pugi::xml_node tree) {
        std::string words;
        each_shape(tree, [&](pugi::xml_node shape) {
            if (attribute_of(placeholder_of(shape), "type") == "body")
                words += drawn_words(child_of(shape, "txBody"));
        });
        if (!utf8::trim(words).empty()) out_.paragraph("Notes: " + std::string(utf8::trim(words)));
    }

private:
    template <class Visit>
    static void each_shape(pugi::xml_node tree, const Visit& visit) {
        for (const auto node : tree) {
            if (is(node, "sp") || is(node, "graphicFrame"))
                visit(node);
            else if (is(node, "grpSp"))
                each_shape(node, visit);
            else if (is(node, "AlternateContent"))
                each_shape(child_of(node, "Choice") ? child_of(node, "Choice") : child_of(node, "Fallback"),
                           visit);
        }
    }

    static bool is_title(pugi::xml_node shape) {
        const auto type = attribute_of(placeholder_of(shape), "type");
        return type == "title" || type == "ctrTitle";
    }

    void body(pugi::xml_node shape) {
        const auto placeholder = placeholder_of(shape);
        const auto type = attribute_of(placeholder, "type");
        if (type == "sldNum" || type == "dt" || type == "ftr" || type == "hdr" || type == "sldImg") return;
        const bool bulleted = placeholder && (type.empty() || type == "body" || type == "obj");
        int numbers[deepest_bullet + 1] = {};
        for (const auto node : child_of(shape, "txBody"))
            if (is(node, "p")) paragraph(node, bulleted, numbers);
    }

    void paragraph(pugi::xml_node node, bool bulleted, int (&numbers)[deepest_bullet + 1]) {
        std::string words;
        append_drawn(words, node);
        const auto properties = child_of(node, "pPr");
        const bool numbered = static_cast<bool>(child_of(properties, "buAutoNum"));
        const bool marked =
            numbered || child_of(properties, "buChar") || (bulleted && !child_of(properties, "buNone"));
        const int depth = number_of(attribute_of(properties, "lvl"), deepest_bullet);
        if (utf8::trim(words).empty()) return;
        std::fill(numbers + depth + 1, std::end(numbers), 0);
        numbers[depth] = numbered ? numbers[depth] + 1 : 0;
        if (marked)
            out_.item(depth, numbers[depth], words);
        else
            out_.paragraph(words);
    }

    void table(pugi::xml_node node) {
        std::vector<Row> rows;
        for (const auto tr : node) {
            if (!is(tr, "tr")) continue;
            Row row;
            for (const auto cell : tr)
                if (is(cell, "tc")) row.push_back(drawn_words(child_of(cell, "txBody")));
            out_.add_row(rows, std::move(row));
        }
        out_.table(rows);
    }

    Markdown& out_;
};

pugi::xml_node shapes_of(const Xml& slide) {
    return child_of(child_of(slide.root(), "cSld"), "spTree");
}

}  // namespace

Read<std::string> read_pptx(std::string_view bytes, const Limits& limits) {
    auto package = Package::open(bytes, limits);
    if (!package) return package.error();
    const auto presentation = package->main_part("presentation");
    if (!presentation) return presentation.error();
    Markdown out(limits.text_bytes);
    SlideWalker walker(out);
    std::size_t slides = 0;
    for (const auto id : child_of(presentation->root(), "sldIdLst")) {
        if (slides++ > 0) out.page();
        if (slides > limits.entries) return too_much();
        const std::string name = package->by_id(package->main_name(), relation_of(id));
        const auto slide = package->part(name);
        if (!slide) return slide.error();
        walker.titles(shapes_of(*slide));
        walker.bodies(shapes_of(*slide));
        if (const auto notes = package->optional_part(name, "notesSlide")) walker.notes(shapes_of(*notes));
        if (out.full()) return too_much();
    }
    return out.take();
}

}  // namespace bb::materials::extract
