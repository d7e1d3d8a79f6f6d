#include "features/tutor/seed.hpp"

#include <string>
#include <vector>

#include "features/materials/search.hpp"
#include "features/tutor/asking.hpp"
#include "features/tutor/chat_request.hpp"
#include "features/tutor/citations.hpp"
#include "features/tutor/threads.hpp"
#include "features/tutor/writer.hpp"
#include "services/llm/extractive.hpp"

namespace bb::tutor {
namespace {

constexpr std::size_t wanted = 3;

struct Sample {
    const char* question;
    const char* language;
};
// More than wanted: only those that the materials answer are taken.
constexpr Sample samples[] = {
    {"How do plants make their own food?", "en"},
    {"Bakit nasa Singsing ng Apoy ang Pilipinas?", "fil"},
    {"How do I find the slope of a line from two points?", "en"},
    {"What does the cell membrane do?", "en"},
    {"How do I add two fractions?", "en"},
};

constexpr const char* thread_sql =
    "WITH t AS (INSERT INTO threads (id, owner_id, title, title_source, leaf_id) "
    "VALUES ($1, $2, $3, 'words', $4) RETURNING id), "
    "q AS (INSERT INTO messages (id, thread_id, owner_id, client_id, role, text, state) "
    "SELECT $5, t.id, $2, $6, 'user', $7, 'complete' FROM t) "
    "INSERT INTO messages (id, thread_id, owner_id, client_id, parent_id, role, text, sources, state, mode, "
    "finish_reason) SELECT $4, t.id, $2, $8, $5, 'assistant', $9, nullif($10, '')::jsonb, 'complete', "
    "'extractive', 'stop' FROM t";

std::string cited_sources(const std::string& answer, const std::vector<materials::FoundPassage>& passages) {
    const auto sources = sources_of(passages);
    CitationWatch watch(static_cast<int>(sources.size()));
    std::string json;
    for (const int number : watch.feed(answer)) {
        json += json.empty() ? "[" : ",";
        json += source_document_json(sources[static_cast<std::size_t>(number) - 1]);
    }
    return json.empty() ? json : json + "]";
}

}  // namespace

Task<int> seed_threads(db::Database& db, UserId student) {
    Threads threads(db);
    const auto there = co_await threads.list(student, 1, std::nullopt);
    if (!there.threads.empty()) co_return 0;
    materials::Search search(db);
    std::size_t made = 0;
    for (const auto& sample : samples) {
        if (made == wanted) break;
        const std::string question = sample.question;
        const std::vector<Uuid> all;
        const auto found = co_await search.passages(student, question, all, 4);
        if (!found.answerable) continue;
        const auto answer =
            llm::extractive_answer(question, quotable(found.passages), found.answerable, sample.language);
        const auto asked = MessageId::make();
        const auto reply = MessageId::make();
        co_await db.query(thread_sql, ThreadId::make(), student, title_from(question), reply, asked,
                          asked.text(), question, reply.text(), answer,
                          cited_sources(answer, found.passages));
        ++made;
    }
    co_return static_cast<int>(made);
}

}  // namespace bb::tutor
