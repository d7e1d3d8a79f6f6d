#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <limits>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"

namespace bb {
namespace {

boost::json::value json_of(std::string_view text) {
    return parse_json(text).value();
}

/// "pointer: detail; ..." of the complaints, or "good".
std::string complaints(FieldReader& reader) {
    const auto error = reader.error();
    if (!error) return "good";
    EXPECT_EQ(error->code, ErrorCode::invalid_input);
    std::string out;
    for (const auto& field : error->fields) out += field.pointer + ": " + field.detail + "; ";
    return out;
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
    JsonWriter json;
    json.object()
        .field("a", 1)
        .key("b")
        .array()
        .value("x")
        .value(true)
        .null()
        .object()
        .end()
        .array()
        .end()
        .end();
    json.field("c", std::optional<std::string>()).field("d", std::optional<int>(5)).key("e").raw("[1]").end();
    EXPECT_EQ(json.text(), R"({"a":1,"b":["x",true,null,{},[]],"c":null,"d":5,"e":[1]})");
}

TEST(JsonWriter, WritesEveryKindOfValue) {
    const auto id = Uuid::parse("0192f3a4-5b6c-7d8e-9f00-112233445566").value();
    JsonWriter json;
    json.array()
        .value(std::numeric_limits<std::int64_t>::min())
        .value(std::numeric_limits<std::uint64_t>::max())
        .value(0.1)
        .value(1e300)
        .value(std::numeric_limits<double>::infinity())
        .value(std::numeric_limits<double>::quiet_NaN())
        .value(Time())
        .value(id)
        .value(Id<struct Tag>{id})
        .value("c string")
        .end();
    EXPECT_EQ(
        json.take(),
        "[-9223372036854775808,18446744073709551615,0.1,1e+300,null,null,\"1970-01-01T00:00:00.000000Z\","
        "\"0192f3a4-5b6c-7d8e-9f00-112233445566\",\"0192f3a4-5b6c-7d8e-9f00-112233445566\",\"c string\"]");
}

TEST(JsonWriter, EscapesWhatScriptsAndParsersTripOver) {
    const auto escaped = [](std::string_view text) {
        std::string out;
        append_json_string(out, text);
        return out;
    };
    EXPECT_EQ(escaped("\"\\/\n\t\r\x01"), "\"\\\"\\\\/\\n\\t\\u000d\\u0001\"");
    EXPECT_EQ(escaped(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
    EXPECT_EQ(escaped("é😀</script>"), "\"é😀\\u003c/script>\"");
    EXPECT_EQ(escaped("\u2028\u2029\u202a"), "\"\\u2028\\u2029\u202a\"");
    EXPECT_EQ(escaped(""), "\"\"");
}

TEST(JsonWriter, IsReadBackTheSame) {
    std::string all;
    for (char32_t c = 0; c < 0x3000; ++c) {
        if (c < 0x80)
            all += static_cast<char>(c);
        else if (c < 0x800)
            all += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
        else
            all += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                    static_cast<char>(0x80 | (c & 63))};
    }
    std::string out;
    append_json_string(out, all);
    EXPECT_TRUE(json_of(out).as_string() == boost::json::string_view(all));
}

TEST(ParseJson, RefusesWhatIsNotJson) {
    for (const char* bad : {"", "{", "{\"a\":}", "[1,]", "{'a':1}", "nul", "01", "\"\x01\"", "\"\xff\"",
                            "\"\\ud800\"", "{} {}", "\xef\xbb\xbf{}", "NaN", "/* */ 1"})
        EXPECT_EQ(parse_json(bad).error().code, ErrorCode::malformed) << bad;
    EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')));
    EXPECT_TRUE(parse_json(std::string(30, '[') + std::string(30, ']')));
}

TEST(FieldReader, TakesGoodFields) {
    const auto body = json_of(R"({"title":"  A title ","text":"two\nlines","flag":true,"n":5,"role":"b",
        "id":"0192f3a4-5b6c-7d8e-9f00-112233445566","ids":["0192f3a4-5b6c-7d8e-9f00-112233445566"],
        "gone":null,"kept":"x","more":{"deep":1},"skip":[1]})");
    FieldReader in(body);
    EXPECT_EQ(in.text("title", {1, 10}), "A title");
    EXPECT_EQ(in.text("text", {0, 100, true}), "two\nlines");
    EXPECT_EQ(in.optional_bool("flag"), true);
    EXPECT_EQ(in.optional_integer("n", 1, 5), 5);
    EXPECT_EQ(in.choice("role", {"a", "b"}), "b");
    EXPECT_TRUE(in.optional_uuid("id"));
    EXPECT_EQ(in.optional_uuids("ids", 3)->size(), 1u);
    const auto gone = in.nullable_text("gone", {0, 5});
    EXPECT_TRUE(gone.has_value() && !gone->has_value());
    EXPECT_EQ(**in.nullable_text("kept", {0, 5}), "x");
    EXPECT_FALSE(in.nullable_text("absent", {0, 5}).has_value());
    EXPECT_FALSE(in.optional_text("absent", {0, 5}));
    EXPECT_FALSE(in.optional_bool("absent"));
    EXPECT_FALSE(in.optional_integer("absent", 0, 1));
    EXPECT_FALSE(in.optional_uuid("absent"));
    EXPECT_FALSE(in.optional_uuids("absent", 1));
    EXPECT_FALSE(in.optional_choice("absent", {"a"}));
    EXPECT_TRUE(in.raw("more")->is_object());
    in.ignore("skip");
    EXPECT_EQ(complaints(in), "good");
}

TEST(FieldReader, NamesEveryBadField) {
    const auto body =
        json_of(R"({"title":" ","long":"abcdef","short":"a","nul":"a\u0000b","lines":"a\nb","flag":1,"n":1.0,
        "big":18446744073709551615,"role":"c","id":"x","ids":["y"],"many":[],"null":null,"odd/na~me":1})");
    FieldReader in(body);
    in.text("title", {1, 10});
    in.text("long", {1, 5});
    in.text("short", {2, 5});
    in.text("nul", {1, 5});
    in.text("lines", {1, 5});
    in.text("missing", {1, 5});
    in.optional_bool("flag");
    in.optional_integer("n", 0, 5);
    in.optional_integer("big", 0, 5);
    in.choice("role", {"a", "b"});
    in.choice("gone", {"a", "b"});
    in.optional_uuid("id");
    in.optional_uuids("ids", 3);
    in.optional_text("null", {0, 5});
    in.complain("many", "is odd");
    in.ignore("many");
    EXPECT_EQ(
        complaints(in),
        "#/title: must not be empty; #/long: must have at most 5 characters, this has 6; #/short: must have "
        "at "
        "least 2 characters; #/nul: must not contain control characters; #/lines: must not contain control "
        "characters; #/missing: is required; #/flag: must be true or false; #/n: must be a whole number from "
        "0 to "
        "5; #/big: must be a whole number from 0 to 5; #/role: must be one of a, b; #/gone: is required; "
        "#/id: must "
        "be an id; #/ids/0: must be an id; #/null: must be text; #/many: is odd; #/odd~1na~0me: is not a "
        "known "
        "field; ");
}

TEST(FieldReader, WantsAnObject) {
    for (const char* text : {"[]", "1", "null", "\"x\""}) {
        const auto body = json_of(text);
        FieldReader in(body);
        in.text("title", {1, 5});
        in.choice("role", {"a"});
        EXPECT_EQ(complaints(in), "#: must be a JSON object; ") << text;
    }
}

TEST(FieldReader, StopsComplainingAtSomePoint) {
    std::string many = "{";
    for (int i = 0; i < 1000; ++i) many += (i ? ",\"x" : "\"x") + std::to_string(i) + "\":1";
    const auto body = json_of(many + "}");
    FieldReader in(body);
    EXPECT_EQ(in.error()->fields.size(), 20u);
}

TEST(FieldReader, CountsCodePoints) {
    const auto body = json_of("{\"t\":\"😀😀😀\",\"ids\":[\"a\",\"b\"]}");
    FieldReader in(body);
    EXPECT_EQ(in.text("t", {1, 3}), "😀😀😀");
    EXPECT_FALSE(in.optional_uuids("ids", 1));
    EXPECT_EQ(complaints(in), "#/ids: must be a list of at most 1 ids; ");
}

TEST(Errors, ThatNobodyLookedAtAreBugs) {
    const Result<int> failed = not_found("thread");
    EXPECT_THROW((void)failed.value(), std::logic_error);
    EXPECT_EQ(failed.error().detail, "There is no thread with this id.");
    EXPECT_EQ(bad_field("#/a", "is bad").fields.front().pointer, "#/a");
}

}  // namespace
}  // namespace bb
