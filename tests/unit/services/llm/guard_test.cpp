#include "services/llm/guard.hpp"

#include <gtest/gtest.h>

namespace bb::llm {
namespace {

constexpr const char* secret =
    "You are a tutor who helps one student to understand what they study. Go step by step, and ask one "
    "question at a time.";

/// What comes out when the text goes in as pieces of `size` bytes.
std::string through(LeakGuard& guard, std::string_view text, std::size_t size) {
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
        out += guard.take(text.substr(0, size));
    return out + guard.rest();
}

TEST(LeakGuard, LetsOrdinaryTextThroughUnchanged) {
    const std::string text = "To understand what they study, students read. Go step by step!\n\nÑ, [1] ok";
    for (const std::size_t size : {1, 2, 7, 500}) {
        LeakGuard guard(secret);
        EXPECT_EQ(through(guard, text, size), text);
        EXPECT_FALSE(guard.leaked());
    }
}

TEST(LeakGuard, PassesOrdinaryTextOnAtOnce) {
    LeakGuard guard(secret);
    EXPECT_EQ(guard.take("Photosynthesis is"), "Photosynthesis is");
}

TEST(LeakGuard, StopsACopyHoweverItIsSpaced) {
    const std::string copies[] = {
        secret,
        "Sure: YOU ARE A TUTOR WHO HELPS ONE STUDENT TO UNDERSTAND WHAT THEY STUDY. GO",
        "you * are * a * tutor * who * helps\n- one\n- student\n- to **understand** what they study?",
        "you are you are a tutor who helps one student to understand what they study ",
    };
    for (const auto& copy : copies)
        for (const std::size_t size : {1, 3, 1000}) {
            LeakGuard guard(secret);
            const auto out = through(guard, copy, size);
            EXPECT_TRUE(guard.leaked()) << copy;
            EXPECT_EQ(out.find("one student"), std::string::npos) << out;
        }
}

TEST(LeakGuard, HeldTextComesWhenTheAgreementEnds) {
    LeakGuard guard(secret);
    EXPECT_EQ(guard.take("You are a tutor who helps "), "");
    EXPECT_EQ(guard.take("nobody "), "You are a tutor who helps nobody ");
    EXPECT_EQ(guard.take("you are a tutor who helps "), "");
    EXPECT_EQ(guard.rest(), "you are a tutor who helps ");
}

TEST(LeakGuard, WithoutASecretNothingIsHeld) {
    LeakGuard guard("");
    EXPECT_EQ(through(guard, "any text at all", 4), "any text at all");
}

}  // namespace
}  // namespace bb::llm
