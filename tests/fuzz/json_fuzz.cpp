// A body is read field by field: whatever it holds, texts that are accepted fit their bounds and may be
// stored.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/utf8.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const std::string& text, std::size_t max) {
    require(bb::utf8::valid(text));
    require(bb::utf8::length(text) <= max);
    require(!bb::utf8::has_controls(text));
    // What is written is read back the same.
    std::string written;
    bb::append_json_string(written, text);
    const auto again = bb::parse_json(written);
    require(bool(again) && again->as_string() == boost::json::string_view(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    require(bb::utf8::valid(bb::utf8::repaired(bytes)));
    const auto body = bb::parse_json(bytes);
    if (!body) return 0;
    bb::FieldReader in(*body);
    const std::string title = in.text("t", {1, 20});
    const auto text = in.optional_text("x", {0, 50, true});
    in.nullable_text("u", {0, 5});
    in.optional_bool("b");
    in.optional_integer("i", -5, 5);
    in.choice("c", {"a", "b"});
    in.optional_uuid("id");
    in.optional_uuids("ids", 3);
    const auto bad = in.error();
    if (bad)
        require(bad->code == bb::ErrorCode::invalid_input && !bad->fields.empty() &&
                bad->fields.size() <= 20);
    check(title, 20);
    if (text) check(*text, 50);
    return 0;
}
