#include "features/tutor/branch.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace bb::tutor {
namespace {

MessageId id(int number) {
    MessageId id;
    id.value.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

Message message(int number, int parent, std::string role) {
    Message message;
    message.id = id(number);
    message.client_id = "m" + std::to_string(number);
    if (parent) message.parent = id(parent);
    message.role = std::move(role);
    message.text = "text " + std::to_string(number);
    return message;
}

/// 1 -> 2 -> 3 -> 4, the question 3 edited as 5 -> 6, and 2 generated again as 7.
std::vector<Message> forked() {
    return {message(1, 0, "user"),      message(2, 1, "assistant"), message(3, 2, "user"),
            message(4, 3, "assistant"), message(5, 2, "user"),      message(6, 5, "assistant"),
            message(7, 1, "assistant")};
}

std::vector<std::string> ids(const std::vector<Shown>& branch) {
    std::vector<std::string> ids;
    for (const auto& shown : branch) ids.push_back(shown.message.client_id);
    return ids;
}

TEST(ShownBranch, LeadsFromTheFirstMessageToTheLeaf) {
    EXPECT_EQ(ids(shown_branch(forked(), id(4))), (std::vector<std::string>{"m1", "m2", "m3", "m4"}));
    EXPECT_EQ(ids(shown_branch(forked(), id(6))), (std::vector<std::string>{"m1", "m2", "m5", "m6"}));
    EXPECT_EQ(ids(shown_branch(forked(), id(7))), (std::vector<std::string>{"m1", "m7"}));
}

TEST(ShownBranch, NamesTheVersionsBesideEachMessage) {
    const auto branch = shown_branch(forked(), id(6));
    EXPECT_EQ(branch[1].siblings, (std::vector<std::string>{"m2", "m7"}));
    EXPECT_EQ(branch[1].index, 0u);
    EXPECT_EQ(branch[2].siblings, (std::vector<std::string>{"m3", "m5"}));
    EXPECT_EQ(branch[2].index, 1u);
    EXPECT_EQ(branch[2].parent, "m2");
    EXPECT_EQ(branch[0].parent, "");
}

TEST(ShownBranch, LeavesOutAnUnfinishedReply) {
    auto thread = forked();
    thread[6].state = ReplyState::streaming;
    EXPECT_EQ(ids(shown_branch(thread, id(7))), (std::vector<std::string>{"m1"}));
    EXPECT_EQ(shown_branch(thread, id(6))[1].siblings, (std::vector<std::string>{"m2"}));
}

TEST(ShownBranch, EmptyThreadAndUnknownLeaf) {
    EXPECT_TRUE(shown_branch({}, std::nullopt).empty());
    EXPECT_EQ(ids(shown_branch(forked(), std::nullopt)), (std::vector<std::string>{"m1", "m7"}));
}

TEST(NewestEnd, FollowsTheNewestChildren) {
    EXPECT_EQ(newest_end(forked(), id(1)), id(7));
    EXPECT_EQ(newest_end(forked(), id(2)), id(6));
    EXPECT_EQ(newest_end(forked(), id(3)), id(4));
}

TEST(MessagesJson, IsWhatTheClientsRead) {
    auto thread = forked();
    thread[1].mode = "model";
    thread[1].model = "gpt";
    thread[1].state = ReplyState::failed;
    thread[1].error = "Ask again.";
    thread[1].sources = R"([{"type":"source-document","sourceId":"1"}])";
    const auto json = boost::json::parse(messages_json(shown_branch(thread, id(2))));
    const auto& second = json.at("messages").at(1);
    EXPECT_EQ(second.at("id"), "m2");
    EXPECT_EQ(second.at("role"), "assistant");
    EXPECT_EQ(second.at("parts").at(0).at("text"), "text 2");
    EXPECT_EQ(second.at("parts").at(1).at("sourceId"), "1");
    EXPECT_EQ(second.at("metadata").at("parentId"), "m1");
    EXPECT_EQ(second.at("metadata").at("state"), "failed");
    EXPECT_EQ(second.at("metadata").at("error"), "Ask again.");
    EXPECT_EQ(second.at("metadata").at("branches").at("ids").as_array().size(), 2u);
    EXPECT_TRUE(json.at("messages").at(0).at("metadata").at("parentId").is_null());
}

}  // namespace
}  // namespace bb::tutor
