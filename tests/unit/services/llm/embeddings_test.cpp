#include "services/llm/embeddings.hpp"

#include <gtest/gtest.h>

namespace bb::llm {
namespace {

TEST(Embeddings, AskForAllTextsAtOnce) {
    EXPECT_EQ(embedding_body({"a \"leaf\"", "b"}, "m"),
              R"({"model":"m","encoding_format":"float","input":["a \"leaf\"","b"]})");
}

TEST(Embeddings, ComeBackInTheOrderOfTheTexts) {
    const auto vectors = read_embeddings(
        R"({"data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[0.5,-2e-1]}],"model":"m"})", 2);
    ASSERT_TRUE(vectors);
    EXPECT_FLOAT_EQ((*vectors)[0][0], 0.5F);
    EXPECT_FLOAT_EQ((*vectors)[0][1], -0.2F);
    EXPECT_FLOAT_EQ((*vectors)[1][1], 1);
}

TEST(Embeddings, AreRefusedWhenTheyAreNoVectors) {
    const char* bad[] = {
        "",
        "[]",
        R"({"data":[]})",
        R"({"data":[{"embedding":[1]}]})",                                        // one is missing
        R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})",                    // of two lengths
        R"({"data":[{"embedding":[1]},{"embedding":[0]}]})",                      // without a direction
        R"({"data":[{"embedding":[1]},{"embedding":["1"]}]})",                    // of text
        R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",  // twice the same
        R"({"data":[{"index":7,"embedding":[1]},{"index":0,"embedding":[1]}]})",
        R"({"data":[{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}]})",
    };
    for (const char* json : bad) EXPECT_FALSE(read_embeddings(json, 2)) << json;
}

}  // namespace
}  // namespace bb::llm
