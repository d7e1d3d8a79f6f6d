#include "base/client/xml.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "base/core/utf8.hpp"

namespace bb::client {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_name(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
}

/// Reads from front to end and stops at the first fault.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    Result<XmlElement> document() {
        XmlElement root;
        const bool good = skip_misc(true) && element(root, 1) && skip_misc(false) && expect_end();
        if (!good)
            return Error(ErrorCode::malformed, fmt::format("the answer is no XML we read: {} at byte {}",
                                                           fault_ ? fault_ : "something else", at_));
        return root;
    }

private:
    bool fail(const char* what) {
        if (!fault_) fault_ = what;
        return false;
    }
    bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }
    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    bool skip_past(std::string_view end, const char* what) {
        const auto found = text_.find(end, at_);
        if (found == std::string_view::npos) return fail(what);
        at_ = found + end.size();
        return true;
    }
    bool expect_end() { return at_ == text_.size() || fail("text after the end"); }

    bool skip_misc(bool declaration) {
        if (declaration && starts("\xEF\xBB\xBF")) at_ += 3;
        if (declaration && starts("<?xml ") && !skip_past("?>", "an endless declaration")) return false;
        for (skip_space(); starts("<!--"); skip_space())
            if (!skip_past("-->", "an endless comment")) return false;
        return true;
    }

    bool name(std::string& into) {
        const auto start = at_;
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        into = text_.substr(start, at_ - start);
        return !into.empty() || fail("no name");
    }

    /// Up to the end of the start tag; `empty`: it ends the element too.
    bool attributes(bool& empty) {
        for (std::string ignored;;) {
            skip_space();
            empty = starts("/>");
            if (empty || starts(">")) return at_ += empty ? 2 : 1, true;
            if (!name(ignored)) return false;
            skip_space();
            if (!starts("=")) return fail("an attribute without a value");
            ++at_;
            skip_space();
            if (!starts("\"") && !starts("'")) return fail("a value without quotes");
            const char quote = text_[at_++];
            if (!skip_past(std::string_view(&quote, 1), "an endless value")) return false;
        }
    }

    bool element(XmlElement& into, int depth) {
        if (depth > most_xml_depth) return fail("elements too deep");
        if (++elements_ > most_xml_elements) return fail("too many elements");
        if (!starts("<")) return fail("no element");
        ++at_;
        bool empty = false;
        if (!name(into.name) || !attributes(empty)) return false;
        if (empty) return true;
        while (!starts("</")) {
            if (at_ >= text_.size()) return fail("an element without an end");
            if (!content(into, depth)) return false;
        }
        at_ += 2;
        std::string end;
        if (!name(end)) return false;
        if (end != into.name) return fail("the end of another element");
        skip_space();
        if (!starts(">")) return fail("an end tag that does not end");
        ++at_;
        return true;
    }

    bool content(XmlElement& into, int depth) {
        if (starts("<!--")) return skip_past("-->", "an endless comment");
        if (starts("<")) return element(into.children.emplace_back(), depth + 1);
        if (starts("&")) return entity(into.text);
        const auto end = text_.find_first_of("<&", at_);
        if (end == std::string_view::npos) return fail("an element without an end");
        into.text.append(text_.substr(at_, end - at_));
        at_ = end;
        return true;
    }

    bool entity(std::string& into) {
        static constexpr std::pair<std::string_view, char> known[] = {
            {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
        for (const auto& [word, sign] : known) {
            if (!starts(word)) continue;
            into += sign;
            at_ += word.size();
            return true;
        }
        return numbered(into);
    }

    bool numbered(std::string& into) {
        if (!starts("&#")) return fail("an unknown entity");
        at_ += 2;
        const bool hex = starts("x");
        if (hex) ++at_;
        std::uint32_t code = 0;
        const auto* first = text_.data() + at_;
        const auto [last, error] = std::from_chars(first, text_.data() + text_.size(), code, hex ? 16 : 10);
        at_ += static_cast<std::size_t>(last - first);
        const bool good = error == std::errc() && code > 0 && code <= 0x10FFFF &&
                          (code < 0xD800 || code > 0xDFFF) && starts(";");
        if (!good) return fail("a character that is none");
        ++at_;
        append(into, code);
        return true;
    }

    static void append(std::string& into, std::uint32_t code) {
        if (code < 0x80) {
            into += static_cast<char>(code);
            return;
        }
        int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static constexpr unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
        into += static_cast<char>(lead[more] | (code >> (6 * more)));
        while (more-- > 0) into += static_cast<char>(0x80 | ((code >> (6 * more)) & 0x3F));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t elements_ = 0;
    const char* fault_ = nullptr;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view name) const {
    for (const auto& one : children)
        if (one.name == name) return &one;
    return nullptr;
}

std::string_view XmlElement::text_of(std::string_view name) const {
    const auto* found = child(name);
    return found ? std::string_view(found->text) : std::string_view();
}

Result<XmlElement> parse_xml(std::string_view text) {
    if (text.size() > most_xml_bytes) return Error(ErrorCode::malformed, "the answer is too long");
    if (!utf8::valid(text)) return Error(ErrorCode::malformed, "the answer is not UTF-8");
    return Reader(text).document();
}

}  // namespace bb::client
