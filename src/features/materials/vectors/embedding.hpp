#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "features/materials/types.hpp"
#include "services/llm/embeddings.hpp"

namespace bb::materials::vectors {

/// Gives passages their vectors in the background: new ones, and all of them when the model is another.
/// Passages of deleted materials are not sent. Belongs to one loop; what it is given must outlive it.
class Embedding {
public:
    /// `waiting` gets the number of passages of everybody that have no vector of this model yet, once a
    /// minute, and soon when nobody is left to take up.
    Embedding(db::Database& db, llm::Embedder& embedder, metrics::Registry& metrics,
              std::atomic<std::int64_t>& waiting);
    Embedding(const Embedding&) = delete;

    /// What came of it: nobody waits, somebody's passages are done, or it failed.
    enum class Outcome { none, progress, failed };
    struct Round {
        Outcome outcome = Outcome::none;
        std::chrono::milliseconds pause{0};  // before anybody is taken up again
    };
    /// Takes up the person who waits longest, for up to a thousand passages.
    Task<Round> embed_next();
    /// One person after the other, as long as the loop runs.
    Task<void> keep_embedding();

private:
    struct Work;
    struct Waiting;
    Task<std::vector<Waiting>> texts_of(const Work& work, const std::vector<std::int64_t>& ids);
    Task<Round> embed(Work& work, std::vector<Waiting> batch);
    Task<llm::Embedded> ask(const std::vector<Waiting>& batch);
    Task<void> keep(Work& work, const std::vector<Waiting>& batch, const llm::Vectors& vectors);
    Task<Round> put_off(const Work& work, const llm::Embedded& why);
    Task<Round> try_next();
    Task<void> count_waiting();

    db::Database& db_;
    llm::Embedder& embedder_;
    std::atomic<std::int64_t>& waiting_;
    metrics::Counter embedded_, refused_;
};

}  // namespace bb::materials::vectors
