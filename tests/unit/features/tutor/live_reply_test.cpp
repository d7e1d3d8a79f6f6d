#include "features/tutor/live_reply.hpp"

#include <gtest/gtest.h>

namespace bb::tutor {
namespace {

/// Keeps what it is given, and leaves after `patience` writes.
struct Reader : Follower {
    explicit Reader(int patience = 1000) : patience(patience) {}
    bool write(const std::string& bytes, bool urgent) override {
        seen += bytes;
        hurried = urgent;
        return patience-- > 0;
    }
    void close() override { closed = true; }
    void on_gone(std::function<void()>) override {}

    int count(std::string_view what) const {
        int found = 0;
        for (auto at = seen.find(what); at != std::string::npos; at = seen.find(what, at + 1)) ++found;
        return found;
    }

    std::string seen;
    bool hurried = false;
    bool closed = false;
    int patience;
};

ReplyHead head() {
    ReplyHead head;
    head.client_id = "r1";
    head.mode = "model";
    head.model = "gpt";
    return head;
}

LiveReply live(std::string text = "", std::string sources = "") {
    return LiveReply(head(), std::move(text), std::move(sources), ReplyBoard::Seat());
}

TEST(LiveReply, ALateFollowerSeesTheWholeReply) {
    auto reply = live();
    auto early = std::make_shared<Reader>();
    reply.follow(early);
    reply.stage("thinking");
    reply.append("One ");
    EXPECT_TRUE(early->hurried) << "the first text does not wait for the tick";
    reply.append("two");
    EXPECT_FALSE(early->hurried);
    SourceDocument source;
    source.number = 1;
    reply.cite(source);

    auto late = std::make_shared<Reader>();
    reply.follow(late);
    EXPECT_EQ(late->count(R"("type":"start")"), 1);
    EXPECT_EQ(late->count(R"("delta":"One two")"), 1);
    EXPECT_EQ(late->count(R"("type":"source-document")"), 1);
    EXPECT_EQ(early->count(R"("type":"text-start")"), 1);

    reply.append(" three");
    Ending ending;
    ending.finish_reason = "stop";
    reply.end(ending);
    for (const auto& reader : {early, late}) {
        EXPECT_EQ(reader->count(R"("delta":" three")"), 1);
        EXPECT_EQ(reader->count(R"("type":"text-end")"), 1);
        EXPECT_EQ(reader->count(R"("finishReason":"stop")"), 1);
        EXPECT_EQ(reader->count("data: [DONE]"), 1);
        EXPECT_TRUE(reader->closed);
    }
}

TEST(LiveReply, DropsAReaderWhoLags) {
    auto reply = live();
    auto slow = std::make_shared<Reader>(1);
    reply.follow(slow);
    reply.append("a");
    EXPECT_EQ(reply.followers(), 0u);
    reply.append("b");
    EXPECT_EQ(slow->count(R"("delta":"b")"), 0);
}

TEST(LiveReply, HandsTheSameChunkOutUntilItIsStored) {
    auto reply = live("abc");
    EXPECT_FALSE(reply.next_chunk()) << "what was there before is stored";
    reply.append("def");
    const auto first = reply.next_chunk();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->at, 3);
    EXPECT_EQ(first->text, "def");
    reply.append("ghi");
    EXPECT_EQ(reply.next_chunk()->text, "def") << "the first attempt may have been stored";
    reply.chunk_stored();
    const auto second = reply.next_chunk();
    EXPECT_EQ(second->at, 6);
    EXPECT_EQ(second->text, "ghi");
    reply.freeze();
    EXPECT_FALSE(reply.next_chunk());
}

TEST(LiveReply, DropsBytesThatCannotBeStored) {
    auto reply = live();
    reply.append(std::string_view("a\0b", 3));
    reply.append("\xff");
    EXPECT_EQ(reply.text(), "ab");
}

TEST(LiveReply, AContinuedReplyReplaysItsBeginning) {
    auto reply = live("Half", R"([{"type":"source-document","sourceId":"1"}])");
    auto reader = std::make_shared<Reader>();
    reply.follow(reader);
    EXPECT_EQ(reader->count(R"("delta":"Half")"), 1);
    EXPECT_EQ(reader->count(R"("sourceId":"1")"), 1);
    reply.append(" and half");
    EXPECT_EQ(reader->count(R"("type":"text-start")"), 1);
    EXPECT_EQ(reply.text(), "Half and half");
}

TEST(LiveReply, TheFirstStopCounts) {
    auto reply = live();
    reply.stop(ReplyState::stopped);
    reply.stop(ReplyState::interrupted);
    EXPECT_EQ(reply.stopped(), ReplyState::stopped);
    EXPECT_TRUE(reply.cancellation()->cancelled());
}

TEST(WriteEnding, SaysHowItEnded) {
    const auto ended = [](ReplyState state) {
        Ending ending;
        ending.state = state;
        ending.error = "Ask again.";
        UiStream out;
        write_ending(out, ending, true);
        return out.take();
    };
    EXPECT_NE(ended(ReplyState::complete).find("finish-step"), std::string::npos);
    EXPECT_NE(ended(ReplyState::stopped).find(R"("type":"abort")"), std::string::npos);
    EXPECT_NE(ended(ReplyState::interrupted).find(R"("type":"abort")"), std::string::npos);
    EXPECT_NE(ended(ReplyState::failed).find(R"("errorText":"Ask again.")"), std::string::npos);
    EXPECT_EQ(ended(ReplyState::failed).find("\"finish\""), std::string::npos);
}

}  // namespace
}  // namespace bb::tutor
