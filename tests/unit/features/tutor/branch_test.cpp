#include "features/tutor/branch.hpp"

#include <boost/json/parse.hpp>

#include "features/tutor/messages.hpp"
#include "unit/support/test_database.hpp"

namespace bb::tutor {
namespace {

MessageId id(int number) {
    MessageId id;
    id.value.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

std::vector<std::string> ids(const BranchPage& page) {
    std::vector<std::string> ids;
    for (const auto& shown : page.messages) ids.push_back(shown.message.client_id);
    return ids;
}

using Ids = std::vector<std::string>;

/// 1 -> 2 -> 3 -> 4, the question 3 edited as 5 -> 6, and 2 generated again as 7.
class BranchTest : public test::DatabaseTest {
protected:
    BranchTest() {
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + ana_.text() +
                         "', 'ana@example.org', 'Ana', 'student'); INSERT INTO threads (id, owner_id, title, "
                         "title_source) VALUES ('" +
                         thread_.text() + "', '" + ana_.text() + "', 'Forked', 'person')");
        for (const auto& [number, parent] : {std::pair(1, 0), {2, 1}, {3, 2}, {4, 3}, {5, 2}, {6, 5}, {7, 1}})
            add(number, parent);
    }
    void add(int number, int parent) {
        const bool question = parent == 0 || parent == 2;
        cluster().script(
            "INSERT INTO messages (id, thread_id, owner_id, client_id, parent_id, role, text, "
            "state, created_at) VALUES ('" +
            id(number).text() + "', '" + thread_.text() + "', '" + ana_.text() + "', 'm" +
            std::to_string(number) + "', " + (parent ? "'" + id(parent).text() + "'" : std::string("NULL")) +
            (question ? ", 'user'" : ", 'assistant'") + ", 'text " + std::to_string(number) +
            "', 'complete', now() + interval '" + std::to_string(number) + " seconds')");
    }
    void change(int number, const std::string& what) {
        cluster().script("UPDATE messages SET " + what + " WHERE id = '" + id(number).text() + "'");
    }
    void show_leaf(int number) {
        cluster().script("UPDATE threads SET leaf_id = '" + id(number).text() + "'");
    }
    BranchPage branch(int leaf, int limit = newest_shown) {
        show_leaf(leaf);
        return *await(messages_.branch(ana_, thread_, limit));
    }
    BranchPage before(std::string message, int limit) {
        return *await(messages_.branch(ana_, thread_, limit, std::move(message)));
    }
    BranchPage through(std::string message) {
        return *await(messages_.switch_branch(ana_, thread_, std::move(message)));
    }

    const UserId ana_ = UserId::make();
    const ThreadId thread_ = ThreadId::make();
    Messages messages_{db()};
};

TEST_F(BranchTest, LeadsFromTheFirstMessageToTheLeaf) {
    EXPECT_EQ(ids(branch(4)), (Ids{"m1", "m2", "m3", "m4"}));
    EXPECT_EQ(ids(branch(6)), (Ids{"m1", "m2", "m5", "m6"}));
    EXPECT_EQ(ids(branch(7)), (Ids{"m1", "m7"}));
    EXPECT_EQ(branch(7).earlier, "");
}

TEST_F(BranchTest, NamesTheVersionsBesideEachMessage) {
    const auto page = branch(6).messages;
    EXPECT_EQ(page[0].siblings, (Ids{"m1"}));
    EXPECT_EQ(page[1].siblings, (Ids{"m2", "m7"}));
    EXPECT_EQ(page[1].index, 0u);
    EXPECT_EQ(page[2].siblings, (Ids{"m3", "m5"}));
    EXPECT_EQ(page[2].index, 1u);
    EXPECT_EQ(page[2].parent, "m2");
    EXPECT_EQ(page[0].parent, "");
}

TEST_F(BranchTest, LeavesOutAnUnfinishedReply) {
    change(7, "state = 'streaming', boot = id");
    EXPECT_EQ(ids(branch(7)), (Ids{"m1"}));
    EXPECT_EQ(branch(6).messages[1].siblings, (Ids{"m2"}));
    EXPECT_TRUE(branch(7, 1).messages.empty());
    EXPECT_EQ(ids(before(branch(7, 1).earlier, 1)), (Ids{"m1"}));
}

TEST_F(BranchTest, OfAnEmptyThreadIsEmpty) {
    cluster().script("DELETE FROM messages");
    const auto page = *await(messages_.branch(ana_, thread_));
    EXPECT_TRUE(page.messages.empty());
    EXPECT_EQ(page.earlier, "");
}

TEST_F(BranchTest, ComesInPagesFromItsEnd) {
    const auto newest = branch(6, 3);
    EXPECT_EQ(ids(newest), (Ids{"m2", "m5", "m6"}));
    EXPECT_EQ(newest.earlier, "m2");
    EXPECT_EQ(newest.messages[0].siblings, (Ids{"m2", "m7"}));
    EXPECT_EQ(newest.messages[0].parent, "m1");
    show_leaf(7);  // the pages of a branch belong together, whatever is shown meanwhile
    const auto oldest = before("m2", 3);
    EXPECT_EQ(ids(oldest), (Ids{"m1"}));
    EXPECT_EQ(oldest.earlier, "");
    EXPECT_TRUE(before("m1", 3).messages.empty());
    EXPECT_EQ(await(messages_.branch(ana_, thread_, 3, "m8")).error().code, ErrorCode::invalid_input);
    EXPECT_EQ(await(messages_.branch(UserId::make(), thread_, 3, "m2")).error().code, ErrorCode::not_found);
}

TEST_F(BranchTest, SendsLongMessagesInSmallerPages) {
    for (const int number : {2, 5}) change(number, "text = repeat('x', 250000)");
    const auto newest = branch(6);
    EXPECT_EQ(ids(newest), (Ids{"m5", "m6"}));
    EXPECT_EQ(ids(before(newest.earlier, newest_shown)), (Ids{"m2"}));
    EXPECT_EQ(ids(before("m2", newest_shown)), (Ids{"m1"}));
}

TEST_F(BranchTest, IsSwitchedToTheNewestEnd) {
    EXPECT_EQ(ids(through("m1")), (Ids{"m1", "m7"}));
    EXPECT_EQ(ids(through("m2")), (Ids{"m1", "m2", "m5", "m6"}));
    EXPECT_EQ(ids(through("m3")), (Ids{"m1", "m2", "m3", "m4"}));
    EXPECT_EQ(await(messages_.switch_branch(ana_, thread_, "m8")).error().code, ErrorCode::not_found);
    change(7, "state = 'streaming', boot = id");
    EXPECT_EQ(await(messages_.switch_branch(ana_, thread_, "m7")).error().code, ErrorCode::not_found);
    EXPECT_EQ(await(messages_.switch_branch(ana_, thread_, "m2")).error().code, ErrorCode::conflict);
    EXPECT_EQ(await(messages_.switch_branch(UserId::make(), thread_, "m2")).error().code,
              ErrorCode::not_found);
}

TEST_F(BranchTest, IsWrittenAsTheClientsReadIt) {
    change(2,
           "mode = 'model', model = 'gpt', state = 'failed', error = 'Ask again.', "
           "sources = '[{\"type\":\"source-document\",\"sourceId\":\"1\"}]'");
    const auto json = boost::json::parse(messages_json(branch(2)));
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
    EXPECT_TRUE(json.at("earlier").is_null());
    EXPECT_EQ(boost::json::parse(messages_json(branch(2, 1))).at("earlier"), "m2");
}

}  // namespace
}  // namespace bb::tutor
