#include "features/tutor/threads.hpp"

#include "features/tutor/exchange.hpp"
#include "unit/support/test_database.hpp"

namespace bb::tutor {
namespace {

class ThreadsTest : public test::DatabaseTest {
protected:
    ThreadsTest() {
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + ana_.text() +
                         "', 'ana@example.org', 'Ana', 'student')");
    }
    ThreadId thread_with_a_question() {
        const auto id = ThreadId::make();
        NewQuestion question;
        question.client_id = "question";
        question.text = "Why?";
        question.title = "Why?";
        Maker maker;
        maker.boot = Uuid::make();
        maker.mode = "model";
        Exchange exchange(db());
        EXPECT_TRUE(await(exchange.ask(ana_, id, question, maker)));
        return id;
    }
    std::int64_t messages() {
        return await(db().query("SELECT count(*) FROM messages"))[0].get<std::int64_t>(0);
    }

    const UserId ana_ = UserId::make();
    Threads threads_{db()};
};

TEST_F(ThreadsTest, PurgesWhatWasDeletedLongAgoWithItsMessages) {
    const auto kept = thread_with_a_question();
    const auto deleted = thread_with_a_question();
    const auto long_gone = thread_with_a_question();
    ASSERT_TRUE(await(threads_.remove(ana_, deleted, IfMatch())));
    ASSERT_TRUE(await(threads_.remove(ana_, long_gone, IfMatch())));
    cluster().script("UPDATE threads SET deleted_at = now() - interval '31 days' WHERE id = '" +
                     long_gone.text() + "'");
    EXPECT_EQ(messages(), 6);
    EXPECT_EQ(await(purge_deleted_of_any_owner(db(), keep_deleted_threads)), 1);
    EXPECT_EQ(messages(), 4);
    EXPECT_FALSE(await(threads_.restore(ana_, long_gone)));
    EXPECT_TRUE(await(threads_.restore(ana_, deleted)));
    EXPECT_TRUE(await(threads_.find(ana_, kept)));
}

TEST_F(ThreadsTest, PurgesABoundedNumberAtOnce) {
    for (int i = 0; i < 5; ++i) {
        const auto id = thread_with_a_question();
        ASSERT_TRUE(await(threads_.remove(ana_, id, IfMatch())));
    }
    const std::chrono::seconds at_once(0);
    EXPECT_EQ(await(purge_deleted_of_any_owner(db(), at_once, 3)), 3);
    EXPECT_EQ(await(purge_deleted_of_any_owner(db(), at_once, 3)), 2);
    EXPECT_EQ(await(purge_deleted_of_any_owner(db(), at_once, 3)), 0);
}

TEST_F(ThreadsTest, ChangesOnlyTheVersionThatWasSeen) {
    const auto id = thread_with_a_question();
    http::Request request;
    request.headers.emplace_back("if-match", "\"1.x\"");
    const auto seen = IfMatch::of(request);
    ThreadInput input;
    input.title = "First";
    ASSERT_TRUE(await(threads_.change(ana_, id, input, seen)));
    input.title = "Second";
    const auto late = await(threads_.change(ana_, id, input, seen));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::stale);
    EXPECT_EQ(await(threads_.remove(ana_, id, seen)).error().code, ErrorCode::stale);
    EXPECT_EQ(await(threads_.remove(ana_, ThreadId::make(), seen)).error().code, ErrorCode::not_found);
    EXPECT_EQ(await(threads_.find(ana_, id))->title, "First");
}

}  // namespace
}  // namespace bb::tutor
