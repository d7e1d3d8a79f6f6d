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
        R"({"data":[{"embedding":[1]},{"embedding":[1e100]}]})",  // infinite as a float
        R"({"data":[{"embedding":[1,1]},{"embedding":[1,-1e39]}]})",
        R"({"data":[{"embedding":[1]},{"embedding":[1e-60]}]})",  // zero as a float
    };
    for (const char* json : bad) EXPECT_FALSE(read_embeddings(json, 2)) << json;
}

TEST(Embeddings, MayHoldTheLargestAndSmallestFloats) {
    const auto vectors =
        read_embeddings(R"({"data":[{"embedding":[3.4e38,1e-60]},{"embedding":[1e-37,0]}]})", 2);
    ASSERT_TRUE(vectors);
    EXPECT_FLOAT_EQ((*vectors)[0][0], 3.4e38F);
    EXPECT_EQ((*vectors)[0][1], 0);
    EXPECT_FLOAT_EQ((*vectors)[1][0], 1e-37F);
}

TEST(Embedded, TakesAFaultThatStaysForARefusalOfTheText) {
    const auto refuses = [](int status, int attempt) {
        Embedded embedded;
        embedded.status = status;
        return embedded.refuses_text(attempt);
    };
    for (const int status : {400, 413, 422}) EXPECT_TRUE(refuses(status, 1)) << status;
    for (const int status : {0, 200, 401, 404, 429, 502, 503}) EXPECT_FALSE(refuses(status, 9)) << status;
    EXPECT_FALSE(refuses(500, 1));
    EXPECT_FALSE(refuses(500, 3));
    EXPECT_TRUE(refuses(500, 4));
}

}  // namespace
}  // namespace bb::llm
