#include "features/tutor/reply_store.hpp"

#include "features/tutor/exchange.hpp"
#include "features/tutor/home_name.hpp"
#include "features/tutor/replies.hpp"
#include "unit/support/test_database.hpp"

namespace bb::tutor {
namespace {

/// A reply of one server, and another server that may take it over.
class ReplyStoreTest : public test::DatabaseTest {
protected:
    ReplyStoreTest() {
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + ana_.text() +
                         "', 'ana@example.org', 'Ana', 'student')");
        NewQuestion question;
        question.client_id = "question";
        question.text = "Why?";
        question.title = "Why?";
        reply_ = await(Exchange(db()).ask(ana_, thread_, question, maker(board_.boot())))->reply;
    }

    static Maker maker(Uuid boot) {
        Maker maker;
        maker.boot = boot;
        maker.mode = "model";
        return maker;
    }
    Ending ending(std::string text) const {
        Ending ending;
        ending.reply = reply_;
        ending.text = std::move(text);
        return ending;
    }
    void append(Uuid boot, std::int32_t at, std::string text) {
        Chunk chunk;
        chunk.reply = reply_;
        chunk.at = at;
        chunk.text = std::move(text);
        await(store_.append(boot, std::vector<Chunk>(1, chunk), {}));
    }
    std::vector<MessageId> end(Uuid boot, std::string text) {
        return await(store_.end(boot, std::vector<Ending>(1, ending(std::move(text))), {}));
    }
    /// What happens when this server cannot reach the database for a while: the other one ends its reply, and
    /// the reader goes on with it there.
    void take_over() {
        cluster().script("UPDATE messages SET state = 'interrupted', boot = NULL, text = 'Be' WHERE id = '" +
                         reply_.text() + "'");
        ASSERT_TRUE(await(Exchange(db()).go_on(ana_, thread_, reply_, maker(other_))));
        append(other_, 2, "cause");
    }
    StoredReply stored() { return *await(store_.read(ana_, reply_)); }
    ReplyState finish(std::string text) {
        Replies replies(executor(), db(), board_, metrics_);
        ReplyHead head;
        head.id = reply_;
        head.owner = ana_;
        auto live = replies.open(std::move(head), text, "", ReplyBoard::Seat());
        return await(replies.finish(live, ending(std::move(text))));
    }

    const UserId ana_ = UserId::make();
    const ThreadId thread_ = ThreadId::make();
    const Uuid other_ = Uuid::make();
    ReplyBoard board_;
    metrics::Registry metrics_;
    ReplyStore store_{db()};
    MessageId reply_;
};

TEST_F(ReplyStoreTest, EndsAReplyOnceAndFoldsItsChunks) {
    append(board_.boot(), 0, "Be");
    EXPECT_EQ(stored().text, "Be");
    EXPECT_EQ(end(board_.boot(), "Because"), std::vector<MessageId>(1, reply_));
    EXPECT_TRUE(end(board_.boot(), "Because").empty());
    EXPECT_EQ(stored().text, "Because");
    EXPECT_EQ(stored().state, ReplyState::complete);
    EXPECT_TRUE(await(db().query("SELECT 1 FROM reply_chunks WHERE message_id = $1", reply_)).empty());
}

TEST_F(ReplyStoreTest, ALateEndingLeavesTheRunOfAnotherServerAlone) {
    take_over();
    EXPECT_TRUE(end(board_.boot(), "Late").empty());
    append(board_.boot(), 7, "late");
    EXPECT_EQ(stored().state, ReplyState::streaming);
    EXPECT_EQ(stored().text, "Because");
    EXPECT_EQ(end(other_, "Because."), std::vector<MessageId>(1, reply_));
    EXPECT_EQ(stored().text, "Because.");
}

TEST_F(ReplyStoreTest, ASecondContinueLeavesTheFirstAlone) {
    take_over();
    EXPECT_FALSE(await(Exchange(db()).go_on(ana_, thread_, reply_, maker(board_.boot()))));
    EXPECT_EQ(stored().text, "Because");
}

TEST_F(ReplyStoreTest, FollowersAreToldWhatTheRowSays) {
    EXPECT_EQ(finish("Because"), ReplyState::complete);
    EXPECT_EQ(finish("Because"), ReplyState::complete);  // stored already, and the answer got lost
    cluster().script("UPDATE messages SET state = 'interrupted' WHERE id = '" + reply_.text() + "'");
    EXPECT_EQ(finish("Because"), ReplyState::interrupted);
    cluster().script("DELETE FROM threads");
    EXPECT_EQ(finish("Because"), ReplyState::interrupted);
}

TEST_F(ReplyStoreTest, AReplyThatIsWrittenElsewhereIsBrokenOffHere) {
    take_over();
    EXPECT_EQ(finish("Because"), ReplyState::interrupted);
    EXPECT_EQ(stored().state, ReplyState::streaming);
}

TEST(HomeName, TellsDataFoldersApartAndStays) {
    crypto::initialize();
    char one[] = "/tmp/bb-home-XXXXXX";
    char two[] = "/tmp/bb-home-XXXXXX";
    ASSERT_TRUE(::mkdtemp(one));
    ASSERT_TRUE(::mkdtemp(two));
    const auto name = home_name(one);
    EXPECT_EQ(home_name(one), name);
    EXPECT_NE(home_name(two), name);
    EXPECT_NE(name.find("pid:["), std::string::npos) << name;
    std::filesystem::remove_all(one);
    std::filesystem::remove_all(two);
}

}  // namespace
}  // namespace bb::tutor
