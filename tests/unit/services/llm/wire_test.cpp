#include "services/llm/wire.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace bb::llm {
namespace {

ChatRequest small_request() {
    ChatRequest request;
    request.messages = {{"system", "Be kind."}, {"user", "Why \"so\"?\n"}};
    request.max_tokens = 100;
    return request;
}

TEST(ChatBody, SaysWhatIsAskedFor) {
    const auto body = boost::json::parse(chat_body(small_request(), "m-1", {})).as_object();
    EXPECT_EQ(body.at("model").as_string(), "m-1");
    EXPECT_TRUE(body.at("stream").as_bool());
    EXPECT_TRUE(body.at("stream_options").at("include_usage").as_bool());
    EXPECT_EQ(body.at("max_tokens").as_int64(), 100);
    EXPECT_EQ(body.at("messages").at(1).at("content").as_string(), "Why \"so\"?\n");
    EXPECT_FALSE(body.contains("max_completion_tokens"));
}

TEST(ChatBody, SpeaksTheDialectOfTheServer) {
    Dialect dialect;
    Refusal refusal;
    for (const char* param : {"max_tokens", "temperature", "stream_options.include_usage"}) {
        refusal.param = param;
        EXPECT_TRUE(adapt(dialect, refusal)) << param;
        EXPECT_FALSE(adapt(dialect, refusal)) << param << " a second time";
    }
    refusal.param = "messages";
    EXPECT_FALSE(adapt(dialect, refusal));
    const auto body = boost::json::parse(chat_body(small_request(), "m-1", dialect)).as_object();
    EXPECT_EQ(body.at("max_completion_tokens").as_int64(), 100);
    for (const char* name : {"max_tokens", "temperature", "stream_options"})
        EXPECT_FALSE(body.contains(name)) << name;
}

TEST(ReadChunk, TakesTextReasonAndUsage) {
    auto chunk =
        read_chunk(R"({"choices":[{"delta":{"role":"assistant","content":"Hi"},"finish_reason":null}]})");
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->text, "Hi");
    EXPECT_EQ(chunk->finish_reason, "");
    chunk = read_chunk(R"({"choices":[{"delta":{},"finish_reason":"content_filter"}],"usage":null})");
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->finish_reason, "content-filter");
    EXPECT_FALSE(chunk->usage);
    chunk = read_chunk(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})");
    ASSERT_TRUE(chunk && chunk->usage);
    EXPECT_EQ(chunk->usage->prompt_tokens, 7);
    EXPECT_EQ(chunk->usage->completion_tokens, 3);
}

TEST(ReadChunk, MapsEveryFinishReason) {
    const std::pair<const char*, const char*> cases[] = {
        {"stop", "stop"},       {"length", "length"},      {"content_filter", "content-filter"},
        {"tool_calls", "stop"}, {"function_call", "stop"}, {"eos", "stop"}};
    for (const auto& [theirs, ours] : cases) {
        const auto chunk =
            read_chunk(R"({"choices":[{"delta":{},"finish_reason":")" + std::string(theirs) + R"("}]})");
        ASSERT_TRUE(chunk);
        EXPECT_EQ(chunk->finish_reason, ours);
    }
}

TEST(ReadChunk, LeavesOutWhatNoDatabaseKeeps) {
    const auto chunk = read_chunk(R"({"choices":[{"delta":{"content":"a\u0000b\u0007c\td\ne\u007f"}}]})");
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->text, "abc\td\ne");
}

TEST(ReadChunk, AnErrorInTheStreamIsToldByItsCodeAlone) {
    auto chunk =
        read_chunk(R"({"error":{"message":"the student wrote xyz","type":"server_error","code":null}})");
    ASSERT_TRUE(chunk && chunk->error);
    EXPECT_EQ(*chunk->error, "server_error");
    chunk = read_chunk(R"({"error":{"message":"m","code":"words of a person, with spaces"}})");
    ASSERT_TRUE(chunk && chunk->error);
    EXPECT_EQ(*chunk->error, "unnamed");
}

TEST(ReadChunk, RefusesWhatIsNone) {
    for (const char* text :
         {"", "{", "[]", "42", "{}", R"({"choices":5})", "<html>", "{\"choices\":[\"\xFF\"]}"})
        EXPECT_FALSE(read_chunk(text)) << text;
    EXPECT_FALSE(read_chunk(std::string(100, '[')));
}

TEST(ReadChunk, WrongTypesInsideAreNoText) {
    for (const char* text : {R"({"choices":[5]})", R"({"choices":[{"delta":[]}]})",
                             R"({"choices":[{"delta":{"content":5},"finish_reason":7}],"usage":[1]})",
                             R"({"choices":[],"usage":{"prompt_tokens":"x","completion_tokens":-4}})"}) {
        const auto chunk = read_chunk(text);
        ASSERT_TRUE(chunk) << text;
        EXPECT_EQ(chunk->text, "");
    }
}

TEST(ReadRefusal, KnowsAConversationThatIsTooLong) {
    EXPECT_TRUE(read_refusal(R"({"error":{"code":"context_length_exceeded"}})").too_long);
    EXPECT_TRUE(
        read_refusal(R"({"error":{"message":"the request exceeds the available context size"}})").too_long);
    EXPECT_FALSE(read_refusal(R"({"error":{"message":"no","type":"invalid_request_error"}})").too_long);
    EXPECT_EQ(read_refusal("<html>").kind, "unnamed");
    EXPECT_EQ(read_refusal(R"({"error":{"code":"AnaReyes","type":"server_error"}})").kind, "server_error");
    EXPECT_EQ(read_refusal(R"({"error":{"code":"AnaReyes"}})").kind, "unnamed");
}

}  // namespace
}  // namespace bb::llm
