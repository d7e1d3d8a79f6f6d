#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "base/db/database.hpp"
#include "base/net/pool.hpp"
#include "features/materials/index/lookup.hpp"
#include "features/materials/vectors/nearest.hpp"
#include "services/llm/embeddings.hpp"

namespace bb::materials::vectors {

/// Finds passages by what they mean. For one loop; what it is given must outlive it.
class Semantics {
public:
    Semantics(Executor executor, db::Database& db, llm::Embedder& embedder, VectorCache& cache,
              net::BlockingPool& pool, metrics::Registry& metrics);
    Semantics(const Semantics&) = delete;

    /// The passages nearest to a question, best first, at most `count`: none when the person's passages have
    /// no vectors yet, or the model does not say in time what the question means. Never throws: then words
    /// decide alone.
    Task<std::vector<index::Ranked>> nearest(UserId owner, std::string question, index::Scope scope,
                                             std::size_t count);

private:
    struct Loading;
    struct Corpus;
    Task<std::vector<index::Ranked>> look(UserId owner, std::string question, index::Scope scope,
                                          std::size_t count);
    Task<std::optional<Corpus>> corpus_of(UserId owner, const index::Scope& scope);
    Task<std::shared_ptr<const VectorSet>> set_of(UserId owner, const Corpus& corpus);
    std::shared_ptr<Loading> loading_of(UserId owner, const Corpus& corpus);
    Task<void> load(UserId owner, std::int64_t changes, std::int64_t version,
                    std::shared_ptr<Loading> loading);
    Task<std::shared_ptr<const VectorSet>> read(UserId owner, std::int64_t changes, std::int64_t version);
    bool fits(const VectorSet& set, std::size_t dimensions);

    Executor executor_;
    db::Database& db_;
    llm::Embedder& embedder_;
    VectorCache& cache_;
    net::BlockingPool& pool_;
    std::unordered_map<std::string, std::shared_ptr<Loading>> loading_;  // by owner
    bool told_of_dimensions_ = false;
    metrics::Counter found_, failed_, late_, without_;
};

}  // namespace bb::materials::vectors
