#include "features/tutor/thread_search.hpp"

#include <utility>

#include "features/materials/titles.hpp"
#include "features/tutor/excerpt.hpp"

namespace bb::tutor {
namespace {

constexpr const char* search_sql =
    "SELECT m.thread_id, m.client_id, t.title, m.text, ts_rank(m.search, q)::float8 AS score "
    "FROM to_tsquery('simple', $2) q, messages m JOIN threads t ON t.id = m.thread_id "
    "WHERE m.owner_id = $1 AND t.deleted_at IS NULL AND NOT t.temporary AND m.state <> 'streaming' AND "
    "m.search @@ q "
    "ORDER BY score DESC, m.created_at DESC LIMIT $3";
constexpr const char* called_sql =
    "SELECT t.id, t.title, least(1, (SELECT sum(length(w)) FROM unnest($2::text[]) w)::float8 "
    "/ greatest(1, length(t.title))) AS score "
    "FROM threads t WHERE t.owner_id = $1 AND t.deleted_at IS NULL AND NOT t.temporary "
    "AND NOT EXISTS (SELECT FROM unnest($2::text[]) w WHERE strpos(lower(t.title), lower(w)) = 0) "
    "ORDER BY score DESC, t.updated_at DESC, t.id DESC LIMIT $3";

}  // namespace

Task<std::vector<materials::FoundMessage>> ThreadSearch::messages(materials::UserId owner, std::string query,
                                                                  int limit) {
    const auto words = query_words(query);
    std::vector<materials::FoundMessage> found;
    if (words.empty()) co_return found;
    const auto rows = co_await db_.query(search_sql, owner, prefix_query(words), limit);
    for (const auto row : rows) {
        materials::FoundMessage message;
        message.thread = row.get<Uuid>(0);
        message.message = row.get<std::string>(1);
        message.thread_title = row.get<std::string>(2);
        auto excerpt = excerpt_around(row.get<std::string_view>(3), words);
        message.start = excerpt.start;
        message.end = excerpt.end;
        message.text = std::move(excerpt.text);
        message.highlights = std::move(excerpt.highlights);
        message.score = row.get<double>(4);
        found.push_back(std::move(message));
    }
    co_return found;
}

Task<std::vector<materials::FoundThread>> ThreadSearch::titled(materials::UserId owner, std::string query,
                                                               int limit) {
    const auto words = materials::title_words(query);
    std::vector<materials::FoundThread> found;
    if (words.empty()) co_return found;
    const auto rows = co_await db_.query(called_sql, owner, words, limit);
    for (const auto row : rows) {
        materials::FoundThread thread;
        thread.thread = row.get<Uuid>(0);
        thread.title = row.get<std::string>(1);
        thread.score = row.get<double>(2);
        thread.highlights = materials::marks_in(thread.title, words);
        found.push_back(std::move(thread));
    }
    co_return found;
}

}  // namespace bb::tutor
