#include "features/tutor/rewriting.hpp"

#include "unit/support/test_database.hpp"

namespace bb::tutor {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Lines = std::vector<std::string>;

/// A model that says `answer` after `delay`, or fails.
class FakeModel : public llm::Provider {
public:
    explicit FakeModel(Executor executor) : executor_(executor) {}

    std::string model() const override { return "fake"; }
    std::string state() const override { return standing; }
    Task<llm::Outcome> chat(llm::ChatRequest request, std::function<void(std::string_view)> on_text,
                            std::shared_ptr<llm::Cancellation> cancellation) override {
        asked.push_back(std::move(request));
        net::Timer timer(executor_, delay);
        cancellation->on_cancel([&timer] { timer.cancel(); });
        if (!cancellation->cancelled()) co_await timer.async_wait(use_task_tuple);
        cancellation->on_cancel({});
        llm::Outcome outcome;
        outcome.cancelled = cancellation->cancelled();
        outcome.fault = fault;
        if (outcome.cancelled || outcome.fault) co_return outcome;
        on_text(answer);
        outcome.cancelled = cancellation->cancelled();
        outcome.usage = llm::Usage();
        outcome.usage->prompt_tokens = 40;
        outcome.usage->completion_tokens = 2;
        co_return outcome;
    }

    std::vector<llm::ChatRequest> asked;
    std::string answer = "leaf light\ndahon liwanag";
    std::string standing = "available";
    std::chrono::milliseconds delay{0};
    std::optional<llm::Fault> fault;

private:
    Executor executor_;
};

class RewritingTest : public test::DatabaseTest {
protected:
    RewritingTest() {
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + ana_.text() +
                         "', 'ana@example.org', 'Ana', 'student')");
    }

    /// The lines of a question, or nullopt when the model was not asked.
    std::optional<Lines> lines() {
        auto rewriting = rewriter_.begin(ana_, {}, "Bakit berde ang dahon?", Origin());
        if (!rewriting) return std::nullopt;
        return await(rewriting->lines());
    }
    double count(const char* outcome) {
        return registry_
            .counter("brainbytes_question_rewritings_total",
                     "Questions that the model was asked to put in other words, by what came of it.",
                     {{"outcome", outcome}})
            .value();
    }
    std::int64_t used() { return await(budget_.standing(ana_.value)).used; }

    UserId ana_ = UserId::make();
    metrics::Registry registry_;
    access::TokenBudget budget_{executor(), db(), access::TokenQuotas()};
    FakeModel model_{executor()};
    Rewriter rewriter_{executor(), &model_, budget_, registry_};
};

TEST_F(RewritingTest, GivesTheLinesAndCountsWhatTheyCost) {
    EXPECT_EQ(lines(), (Lines{"leaf light", "dahon liwanag"}));
    EXPECT_EQ(count("used"), 1);
    let_run_until([this] { return used() > 0; });  // the count goes in behind
    EXPECT_EQ(used(), 42);
}

TEST_F(RewritingTest, WaitsNoLongerThanItsDeadlineAndEndsTheCall) {
    model_.delay = 20s;
    const auto began = Clock::now();
    EXPECT_EQ(lines(), Lines());
    EXPECT_GE(Clock::now() - began, Rewriter::deadline);
    EXPECT_LT(Clock::now() - began, 5s);
    let_run_until([this] { return used() > 0; });
    EXPECT_EQ(count("late"), 1);
    EXPECT_GT(used(), 100) << "the model has read the question";
}

TEST_F(RewritingTest, TheDeadlineRunsFromTheBeginningWhoeverWaits) {
    model_.delay = 20s;
    auto rewriting = rewriter_.begin(ana_, {}, "Bakit berde ang dahon?", Origin());
    ASSERT_TRUE(rewriting);
    let_run_until([this] { return count("late") > 0; });
    EXPECT_EQ(count("late"), 1);
    const auto began = Clock::now();
    EXPECT_EQ(await(rewriting->lines()), Lines());
    EXPECT_LT(Clock::now() - began, Rewriter::deadline);
}

TEST_F(RewritingTest, WhoGivesUpWaitsNoMore) {
    model_.delay = 20s;
    auto rewriting = rewriter_.begin(ana_, {}, "Bakit berde ang dahon?", Origin());
    ASSERT_TRUE(rewriting);
    rewriting->give_up();
    const auto began = Clock::now();
    EXPECT_EQ(await(rewriting->lines()), Lines());
    EXPECT_LT(Clock::now() - began, Rewriter::deadline);
    let_run(100ms);
    for (const char* outcome : {"used", "late", "failed", "useless"}) EXPECT_EQ(count(outcome), 0) << outcome;
}

TEST_F(RewritingTest, TellsFailedFromUseless) {
    model_.fault = llm::Fault::busy;
    EXPECT_EQ(lines(), Lines());
    EXPECT_EQ(count("failed"), 1);
    model_.fault.reset();
    model_.answer = "-";
    EXPECT_EQ(lines(), Lines());
    model_.answer = std::string(2'000, 'x');
    EXPECT_EQ(lines(), Lines());
    EXPECT_EQ(count("useless"), 2);
}

TEST_F(RewritingTest, AsksNoModelThatIsAwayOrNotThere) {
    for (const char* state : {"degraded", "unavailable"}) {
        model_.standing = state;
        EXPECT_FALSE(lines()) << state;
    }
    EXPECT_TRUE(model_.asked.empty());
    Rewriter alone(executor(), nullptr, budget_, registry_);
    EXPECT_FALSE(alone.begin(ana_, {}, "Bakit berde ang dahon?", Origin()));
}

TEST_F(RewritingTest, RestsWhenItKeepsComingToNothing) {
    model_.answer = "";
    for (int i = 0; i < llm::Circuit::trip_after; ++i) EXPECT_EQ(lines(), Lines());
    EXPECT_FALSE(lines());
    EXPECT_EQ(model_.asked.size(), static_cast<std::size_t>(llm::Circuit::trip_after));
}

TEST_F(RewritingTest, BoundsTheCallsUnderWay) {
    model_.delay = 20s;
    std::vector<std::shared_ptr<Rewriting>> running;
    for (int i = 0; i < Rewriter::most_at_once; ++i) {
        running.push_back(rewriter_.begin(ana_, {}, "Bakit berde ang dahon?", Origin()));
        ASSERT_TRUE(running.back());
    }
    EXPECT_FALSE(lines());
    for (auto& one : running) one->give_up();
    let_run(100ms);
    model_.delay = 0ms;
    EXPECT_EQ(lines(), (Lines{"leaf light", "dahon liwanag"}));
}

}  // namespace
}  // namespace bb::tutor
