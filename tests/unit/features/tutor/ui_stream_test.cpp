#include "features/tutor/ui_stream.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace bb::tutor {
namespace {

boost::json::object payload(std::string_view event) {
    EXPECT_TRUE(event.starts_with("data: ")) << event;
    EXPECT_TRUE(event.ends_with("\n\n")) << event;
    event.remove_prefix(6);
    return boost::json::parse(std::string(event)).as_object();
}

TEST(UiStream, WritesTheGoldenStreamOfTheOldestClient) {
    UiStream out;
    out.start("m1", R"({"model":"x"})")
        .start_step()
        .text_start("t1")
        .text_delta("t1", "Hello")
        .text_end("t1");
    out.finish_step().finish(R"({"finishReason":"stop"})").done();
    EXPECT_EQ(out.take(),
              "data: {\"type\":\"start\",\"messageId\":\"m1\",\"messageMetadata\":{\"model\":\"x\"}}\n\n"
              "data: {\"type\":\"start-step\"}\n\n"
              "data: {\"type\":\"text-start\",\"id\":\"t1\"}\n\n"
              "data: {\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"Hello\"}\n\n"
              "data: {\"type\":\"text-end\",\"id\":\"t1\"}\n\n"
              "data: {\"type\":\"finish-step\"}\n\n"
              "data: {\"type\":\"finish\",\"messageMetadata\":{\"finishReason\":\"stop\"}}\n\n"
              "data: [DONE]\n\n");
    EXPECT_TRUE(out.empty());
}

TEST(UiStream, LeavesOutMetadataThatIsNotGiven) {
    UiStream out;
    EXPECT_EQ(out.start("m1").take(), "data: {\"type\":\"start\",\"messageId\":\"m1\"}\n\n");
    EXPECT_EQ(out.finish().take(), "data: {\"type\":\"finish\"}\n\n");
}

TEST(UiStream, EndsInErrorOrAbortWithoutAReason) {
    UiStream out;
    EXPECT_EQ(out.error("Sorry.").take(), "data: {\"type\":\"error\",\"errorText\":\"Sorry.\"}\n\n");
    EXPECT_EQ(out.abort().take(), "data: {\"type\":\"abort\"}\n\n");
}

TEST(UiStream, StatusIsTransient) {
    UiStream out;
    EXPECT_EQ(out.status("searching").take(),
              "data: {\"type\":\"data-status\",\"data\":{\"stage\":\"searching\"},\"transient\":true}\n\n");
}

TEST(UiStream, NumbersEventsOnRequest) {
    UiStream out(7);
    EXPECT_EQ(out.abort().done().take(), "id: 7\ndata: {\"type\":\"abort\"}\n\nid: 8\ndata: [DONE]\n\n");
}

TEST(UiStream, ALineBreakInTextCannotEndTheEvent) {
    UiStream out;
    const auto event = out.text_delta("t1", "a\n\ndata: [DONE]\r\n\"</script>").take();
    EXPECT_EQ(event.find('\n'), event.size() - 2);
    EXPECT_EQ(payload(event).at("delta").as_string(), "a\n\ndata: [DONE]\r\n\"</script>");
}

TEST(UiStream, ASourceNamesItsPassage) {
    SourceDocument source;
    source.number = 2;
    source.title = "Cells";
    source.material_id = "mat";
    source.entry_id = "ent";
    source.passage_id = 41;
    source.heading_path = {"Biology", "Membranes"};
    source.start = 10;
    source.end = 90;
    source.quote = "A membrane is thin.";
    UiStream out;
    const auto part = payload(out.source_document(source).take());
    EXPECT_EQ(part.at("sourceId").as_string(), "2");
    EXPECT_EQ(part.at("mediaType").as_string(), "text/markdown");
    EXPECT_FALSE(part.contains("filename"));
    const auto& own = part.at("providerMetadata").at("brainbytes").as_object();
    EXPECT_EQ(own.at("number").as_int64(), 2);
    EXPECT_EQ(own.at("entryId").as_string(), "ent");
    EXPECT_FALSE(own.contains("fileId"));
    EXPECT_EQ(own.at("headingPath").as_array().size(), 2u);
    EXPECT_EQ(own.at("start").as_int64(), 10);
    EXPECT_EQ(own.at("quote").as_string(), "A membrane is thin.");
}

TEST(UiStream, AFileKeepsItsName) {
    SourceDocument source;
    source.number = 1;
    source.title = source.file_name = "notes.md";
    source.file_id = "file";
    const auto part = boost::json::parse(source_document_json(source)).as_object();
    EXPECT_EQ(part.at("filename").as_string(), "notes.md");
    EXPECT_EQ(part.at("providerMetadata").at("brainbytes").at("fileId").as_string(), "file");
}

}  // namespace
}  // namespace bb::tutor
