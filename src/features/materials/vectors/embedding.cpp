#include "features/materials/vectors/embedding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "base/net/timer.hpp"
#include "features/materials/vectors/quantised.hpp"

namespace bb::materials::vectors {
namespace {

constexpr std::size_t batch_size = 32;
constexpr std::size_t longest_text = 4'000;    // code points of a passage and its headings
constexpr const char* harmless_text = "text";  // that every model takes
constexpr std::chrono::milliseconds embedding_pause{2'000};
constexpr std::chrono::milliseconds pause_after_model{5'000};      // has failed: of everybody
constexpr std::chrono::milliseconds longest_pause{3'600'000};      // that the model may ask for
constexpr std::chrono::milliseconds pause_after_database{10'000};  // has failed
constexpr std::chrono::seconds count_every{60}, count_again{10};

// A person's row moves on when it is taken: who dies meanwhile leaves it to be taken again. Once a day
// everybody is looked at, for materials that were restored and passages that were refused.
constexpr const char* claim_corpus_sql =
    "WITH due AS (SELECT c.owner_id, c.changes FROM corpora c "
    "  LEFT JOIN vector_corpora v ON v.owner_id = c.owner_id "
    "  WHERE c.passages > 0 AND (v.owner_id IS NULL OR (v.next_try_at <= now() AND (v.model <> $1 "
    "    OR v.changes <> c.changes OR v.looked_at < now() - interval '1 day'))) "
    "  ORDER BY v.next_try_at NULLS FIRST LIMIT 1) "
    "INSERT INTO vector_corpora AS v (owner_id, attempts, next_try_at) "
    "SELECT owner_id, 1, now() + interval '3 minutes' FROM due "
    "ON CONFLICT (owner_id) DO UPDATE SET attempts = v.attempts + 1, "
    "  next_try_at = now() + interval '3 minutes' WHERE v.next_try_at <= now() "
    "RETURNING owner_id, attempts, (SELECT changes FROM due)";
constexpr const char* waiting_ids_sql =
    "SELECT p.id FROM passages p JOIN sources s ON s.id = p.source_id AND s.owner_id = $1 "
    "JOIN materials m ON m.owner_id = $1 AND m.id = s.material_id AND m.deleted_at IS NULL "
    "LEFT JOIN passage_vectors v ON v.passage_id = p.id AND v.model = $2 "
    "WHERE p.owner_id = $1 AND v.passage_id IS NULL ORDER BY p.id LIMIT 1000";
constexpr const char* waiting_texts_sql =
    "SELECT p.id, coalesce(e.title, f.name), array_to_string(p.heading_path, ' > '), p.text FROM passages p "
    "JOIN sources s ON s.id = p.source_id AND s.owner_id = $1 "
    "JOIN materials m ON m.owner_id = $1 AND m.id = s.material_id AND m.deleted_at IS NULL "
    "LEFT JOIN entries e ON e.owner_id = $1 AND e.id = s.entry_id "
    "LEFT JOIN files f ON f.owner_id = $1 AND f.id = s.file_id "
    "WHERE p.owner_id = $1 AND p.id = ANY($2) ORDER BY p.id";
constexpr const char* keep_vectors_sql =
    "INSERT INTO passage_vectors (passage_id, owner_id, model, dimensions, scale, numbers) "
    "SELECT p.id, $1, $2, $3, given.scale::real, substring($6::bytea FROM ((n - 1) * $3 + 1)::int FOR $3) "
    "FROM unnest($4::bigint[], $5::text[]) WITH ORDINALITY AS given (id, scale, n) "
    "JOIN passages p ON p.owner_id = $1 AND p.id = given.id ORDER BY p.id FOR KEY SHARE OF p "
    "ON CONFLICT (passage_id) DO UPDATE SET model = excluded.model, dimensions = excluded.dimensions, "
    "  scale = excluded.scale, numbers = excluded.numbers";
constexpr const char* got_on_sql =
    "UPDATE vector_corpora SET version = version + 1, attempts = 1, "
    "next_try_at = now() + interval '3 minutes' WHERE owner_id = $1";
constexpr const char* go_on_later_sql =
    "UPDATE vector_corpora SET attempts = 0, next_try_at = now() WHERE owner_id = $1";
constexpr const char* done_sql =
    "UPDATE vector_corpora SET model = $2, changes = $3, attempts = 0, next_try_at = now(), looked_at = "
    "now() "
    "WHERE owner_id = $1";
constexpr const char* put_off_corpus_sql =
    "UPDATE vector_corpora SET next_try_at = now() + "
    "  greatest(least(interval '5 seconds' * power(2, least(attempts, 20)), interval '10 minutes'), "
    "           $2 * interval '1 second') WHERE owner_id = $1";
constexpr const char* count_waiting_sql =
    "SELECT count(*) FROM corpora c LEFT JOIN vector_corpora done ON done.owner_id = c.owner_id "
    "JOIN passages p ON p.owner_id = c.owner_id "
    "JOIN sources s ON s.id = p.source_id AND s.owner_id = c.owner_id "
    "JOIN materials m ON m.owner_id = c.owner_id AND m.id = s.material_id AND m.deleted_at IS NULL "
    "LEFT JOIN passage_vectors v ON v.passage_id = p.id AND v.model = $1 "
    "WHERE v.passage_id IS NULL AND (done.owner_id IS NULL OR done.model <> $1 OR done.changes <> c.changes)";

metrics::Counter passages(metrics::Registry& metrics, const char* outcome) {
    return metrics.counter("brainbytes_passages_embedded_total",
                           "Passages sent to the embedding model, by outcome", {{"outcome", outcome}});
}

}  // namespace

/// A person whose passages are in hand.
struct Embedding::Work {
    UserId owner;
    int attempts = 0;
    std::int64_t changes = 0;
    bool kept = false;  // some of them
};

struct Embedding::Waiting {
    std::int64_t id = 0;
    std::string text;
};

Embedding::Embedding(db::Database& db, llm::Embedder& embedder, metrics::Registry& metrics,
                     std::atomic<std::int64_t>& waiting)
    : db_(db),
      embedder_(embedder),
      waiting_(waiting),
      embedded_(passages(metrics, "embedded")),
      refused_(passages(metrics, "refused")) {}

Task<std::vector<Embedding::Waiting>> Embedding::texts_of(const Work& work,
                                                          const std::vector<std::int64_t>& ids) {
    std::vector<Waiting> texts;
    for (const auto row : co_await db_.query(waiting_texts_sql, work.owner, ids)) {
        std::string text = row.get<std::string>(1);
        if (const auto path = row.get<std::string_view>(2); !path.empty()) text.append(" > ").append(path);
        text.append("\n\n").append(row.get<std::string_view>(3));
        texts.push_back(Waiting{row.get<std::int64_t>(0), std::string(utf8::prefix(text, longest_text))});
    }
    co_return texts;
}

Task<void> Embedding::keep(Work& work, const std::vector<Waiting>& batch, const llm::Vectors& vectors) {
    std::vector<std::int64_t> ids;
    std::vector<std::string> scales;
    std::string numbers;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto small = quantise(vectors[i]);
        ids.push_back(batch[i].id);
        scales.push_back(fmt::format("{:.9g}", small.scale));
        for (const std::int8_t number : small.numbers) numbers += static_cast<char>(number);
    }
    const auto dimensions = static_cast<std::int32_t>(vectors[0].size());
    const db::Bytes bytes{numbers};
    auto write = [&](db::Transaction& tx) -> Task<void> {
        co_await tx.query(keep_vectors_sql, work.owner, embedder_.model(), dimensions, ids, scales, bytes);
        co_await tx.query(got_on_sql, work.owner);
    };
    co_await db_.transaction(write);
    work.kept = true;
    embedded_.add(static_cast<double>(batch.size()));
}

Task<Embedding::Round> Embedding::put_off(const Work& work, const llm::Embedded& why) {
    const auto asked = std::min(why.asked_wait.value_or(pause_after_model), longest_pause);
    log::warn("passages get their vectors later", {{"reason", why.detail}, {"attempt", work.attempts}});
    const double seconds = why.asked_wait ? std::chrono::duration<double>(asked).count() : 0;
    co_await db_.query(put_off_corpus_sql, work.owner, seconds);
    Round failed;
    failed.outcome = Outcome::failed;
    failed.pause = std::max(pause_after_model, asked);
    co_return failed;
}

Task<llm::Embedded> Embedding::ask(const std::vector<Waiting>& batch) {
    std::vector<std::string> texts;
    for (const auto& one : batch) texts.push_back(one.text);
    co_return co_await embedder_.passages(std::move(texts));
}

/// A batch that is refused is sent again in halves, so that one text that cannot be embedded is left out
/// alone; but only when the model takes a harmless text: else the fault is not with the texts.
Task<Embedding::Round> Embedding::embed(Work& work, std::vector<Waiting> batch) {
    const std::vector<Waiting> harmless(1, Waiting{0, harmless_text});
    std::vector<std::vector<Waiting>> todo;
    todo.push_back(std::move(batch));
    bool texts_at_fault = false;
    while (!todo.empty()) {
        auto part = std::move(todo.back());
        todo.pop_back();
        const auto answer = co_await ask(part);
        if (answer.vectors) {
            co_await keep(work, part, *answer.vectors);
            continue;
        }
        if (!answer.refuses_text(work.attempts)) co_return co_await put_off(work, answer);
        if (!texts_at_fault) {
            const auto other = co_await ask(harmless);
            if (!other.vectors) co_return co_await put_off(work, other);
            texts_at_fault = true;
        }
        if (part.size() > 1) {
            const auto half = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
            todo.emplace_back(half, part.end());
            part.erase(half, part.end());
            todo.push_back(std::move(part));
        } else {
            refused_.add();
            log::warn("a passage stays without a vector",
                      {{"passage", part[0].id}, {"reason", answer.detail}});
        }
    }
    Round done;
    done.outcome = Outcome::progress;
    co_return done;
}

Task<Embedding::Round> Embedding::embed_next() {
    Round round;
    round.pause = embedding_pause;
    const auto claimed = co_await db_.query(claim_corpus_sql, embedder_.model());
    if (claimed.empty()) co_return round;
    Work work{claimed[0].get<UserId>(0), claimed[0].get<std::int32_t>(1), claimed[0].get<std::int64_t>(2)};
    std::vector<std::int64_t> ids;
    for (const auto row : co_await db_.query(waiting_ids_sql, work.owner, embedder_.model()))
        ids.push_back(row.get<std::int64_t>(0));
    constexpr std::size_t most = 1'000;  // as of the statement
    round.outcome = Outcome::progress;
    for (std::size_t from = 0; from < ids.size(); from += batch_size) {
        const auto end = std::min(ids.size(), from + batch_size);
        const std::vector<std::int64_t> some(ids.begin() + static_cast<std::ptrdiff_t>(from),
                                             ids.begin() + static_cast<std::ptrdiff_t>(end));
        auto batch = co_await texts_of(work, some);
        if (batch.empty()) continue;
        const auto done = co_await embed(work, std::move(batch));
        if (done.outcome == Outcome::failed) co_return done;
    }
    // Where every one was refused, the same would come again.
    if (ids.size() < most || !work.kept)
        co_await db_.query(done_sql, work.owner, embedder_.model(), work.changes);
    else
        co_await db_.query(go_on_later_sql, work.owner);
    co_return round;
}

Task<void> Embedding::count_waiting() {
    try {
        const auto rows = co_await db_.query(count_waiting_sql, embedder_.model());
        waiting_ = rows[0].get<std::int64_t>(0);
    } catch (const std::exception& failure) {
        log::warn("passages that wait for their vectors not counted", {{"reason", failure.what()}});
    }
}

/// embed_next() that fails without an exception.
Task<Embedding::Round> Embedding::try_next() {
    try {
        co_return co_await embed_next();
    } catch (const std::exception& failure) {
        log::warn("passages wait for their vectors", {{"reason", failure.what()}});
    }
    Round failed;
    failed.outcome = Outcome::failed;
    failed.pause = pause_after_database;
    co_return failed;
}

Task<void> Embedding::keep_embedding() {
    using std::chrono::steady_clock;
    auto counted = steady_clock::time_point::min();
    bool over = false;  // nobody is left, as was not counted yet
    bool busy = false;
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    while (state.cancelled() == boost::asio::cancellation_type::none) {
        if (steady_clock::now() >= counted + (over ? count_again : count_every)) {
            counted = steady_clock::now();
            over = false;
            co_await count_waiting();
        }
        const auto round = co_await try_next();
        if (busy && round.outcome == Outcome::none) over = true;
        busy = round.outcome != Outcome::none;
        if (round.outcome != Outcome::progress) co_await net::sleep_for(round.pause);
    }
}

}  // namespace bb::materials::vectors
