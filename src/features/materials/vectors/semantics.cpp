#include "features/materials/vectors/semantics.hpp"

#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include "base/core/log.hpp"
#include "base/core/utf8.hpp"
#include "base/net/timer.hpp"

namespace bb::materials::vectors {
namespace {

constexpr std::chrono::milliseconds patience{700};  // with the model
constexpr std::chrono::milliseconds patience_with_loading{300};
constexpr std::size_t longest_question = 2'000;  // code points
// Of one person's vectors. Where there are more, the passages that came last are not looked at.
constexpr std::size_t most_bytes = std::size_t{128} << 20;
constexpr std::size_t quick_bytes = 256 * 1024;     // are gone through in less than a tenth of a millisecond
constexpr std::chrono::seconds large_kept_for{10};  // with more bytes than that, whatever changes
constexpr std::size_t loads_at_once = 2;

constexpr const char* corpus_sql =
    "SELECT c.changes, v.version, array(SELECT m.id FROM materials m WHERE m.owner_id = $1 "
    "  AND m.deleted_at IS NULL "
    "  AND CASE WHEN cardinality($2::uuid[]) > 0 THEN m.id = ANY($2) ELSE m.active OR $3 END) "
    "FROM corpora c JOIN vector_corpora v ON v.owner_id = c.owner_id "
    "WHERE c.owner_id = $1 AND v.version > 0";
constexpr const char* vectors_sql =
    "SELECT v.passage_id, p.source_id, p.ordinal, s.material_id, v.scale, v.numbers FROM passage_vectors v "
    "JOIN passages p ON p.id = v.passage_id AND p.owner_id = $1 "
    "JOIN sources s ON s.id = p.source_id AND s.owner_id = $1 "
    "WHERE v.owner_id = $1 AND v.model = $2 AND v.passage_id > $3 ORDER BY v.passage_id LIMIT 2000";

metrics::Counter outcome(metrics::Registry& metrics, const char* outcome) {
    return metrics.counter("brainbytes_semantic_searches_total",
                           "Searches by meaning; where it was not found out, words alone decided",
                           {{"outcome", outcome}});
}

/// Puts rows of vectors_sql into a set.
class Filler {
public:
    explicit Filler(VectorSet& set) : set_(set) {}

    void add(const db::Row& row) {
        const auto numbers = row.get<std::string_view>(5);
        if (set_.dimensions == 0) set_.dimensions = numbers.size();
        if (numbers.size() != set_.dimensions) return;  // of a model that has changed under its name
        const auto at = set_.numbers.size();
        set_.numbers.resize(at + numbers.size());
        std::memcpy(set_.numbers.data() + at, numbers.data(), numbers.size());
        set_.scales.push_back(static_cast<float>(row.get<double>(4)));
        set_.places.push_back({row.get<std::int64_t>(1), row.get<std::int32_t>(2)});
        const auto material = row.get<Uuid>(3);
        const auto [known, fresh] =
            numbers_of_.try_emplace(material, static_cast<std::uint32_t>(set_.materials.size()));
        if (fresh) set_.materials.push_back(material);
        set_.material_of.push_back(known->second);
    }

    /// Frees the room that was made for more.
    void give_back() {
        set_.numbers.shrink_to_fit();
        set_.scales.shrink_to_fit();
        set_.places.shrink_to_fit();
        set_.material_of.shrink_to_fit();
        set_.materials.shrink_to_fit();
    }

private:
    VectorSet& set_;
    std::map<Uuid, std::uint32_t> numbers_of_;
};

}  // namespace

struct Semantics::Corpus {
    std::int64_t changes = 0;
    std::int64_t version = 0;
    std::vector<Uuid> allowed;
};

/// A set on its way from the database, and who waits for it.
struct Semantics::Loading {
    explicit Loading(Executor executor) : over(std::move(executor), net::Timer::time_point::max()) {}
    net::Timer over;
    bool done = false;
    std::shared_ptr<const VectorSet> set;
};

Semantics::Semantics(Executor executor, db::Database& db, llm::Embedder& embedder, VectorCache& cache,
                     net::BlockingPool& pool, metrics::Registry& metrics)
    : executor_(std::move(executor)),
      db_(db),
      embedder_(embedder),
      cache_(cache),
      pool_(pool),
      found_(outcome(metrics, "found")),
      failed_(outcome(metrics, "model_failed")),
      late_(outcome(metrics, "vectors_late")),
      without_(outcome(metrics, "no_vectors")) {}

Task<std::optional<Semantics::Corpus>> Semantics::corpus_of(UserId owner, const index::Scope& scope) {
    const auto rows = co_await db_.query(corpus_sql, owner, scope.materials, scope.inactive_too);
    if (rows.empty()) co_return std::nullopt;
    Corpus corpus;
    corpus.changes = rows[0].get<std::int64_t>(0);
    corpus.version = rows[0].get<std::int64_t>(1);
    corpus.allowed = rows[0].get<std::vector<Uuid>>(2);
    co_return corpus;
}

Task<std::shared_ptr<const VectorSet>> Semantics::read(UserId owner, std::int64_t changes,
                                                       std::int64_t version) {
    auto set = std::make_shared<VectorSet>();
    set->model = embedder_.model();
    set->changes = changes;
    set->version = version;
    set->read_at = std::chrono::steady_clock::now();
    Filler filler(*set);
    for (std::int64_t after = 0; set->numbers.size() < most_bytes;) {
        const auto rows = co_await db_.query(vectors_sql, owner, set->model, after);
        if (rows.empty()) break;
        for (const auto row : rows) filler.add(row);
        after = rows[rows.size() - 1].get<std::int64_t>(0);
    }
    filler.give_back();
    co_return set;
}

Task<void> Semantics::load(UserId owner, std::int64_t changes, std::int64_t version,
                           std::shared_ptr<Loading> loading) {
    try {
        loading->set = co_await read(owner, changes, version);
        cache_.keep(owner, loading->set);
    } catch (const std::exception& fault) {
        log::warn("vectors not read", {{"reason", fault.what()}});
    }
    loading->done = true;
    loading_.erase(owner.text());
    loading->over.cancel();
}

/// What is on its way already, or is begun; null when too many are.
std::shared_ptr<Semantics::Loading> Semantics::loading_of(UserId owner, const Corpus& corpus) {
    const auto begun = loading_.find(owner.text());
    if (begun != loading_.end()) return begun->second;
    if (loading_.size() >= loads_at_once) return nullptr;
    // load() may be over, and out of the map, when spawn() returns.
    auto loading = std::make_shared<Loading>(executor_);
    loading_.emplace(owner.text(), loading);
    net::spawn(executor_, load(owner, corpus.changes, corpus.version, loading));
    return loading;
}

/// A large set is used as it is while a newer one is fetched for the next question: passages that are gone
/// are dropped when they are read. Null when there is none and none comes soon.
Task<std::shared_ptr<const VectorSet>> Semantics::set_of(UserId owner, const Corpus& corpus) {
    using std::chrono::steady_clock;
    auto known = cache_.find(owner, embedder_.model());
    if (known && known->changes == corpus.changes && known->version == corpus.version) co_return known;
    const bool large = known && known->numbers.size() > quick_bytes;
    if (large && steady_clock::now() < known->read_at + large_kept_for) co_return known;
    const auto loading = loading_of(owner, corpus);
    if (large || !loading) co_return known;
    net::Timer limit(executor_, patience_with_loading);
    limit.async_wait([loading](const boost::system::error_code& stopped) {
        if (!stopped) loading->over.cancel();
    });
    // The limit of another who waits wakes everybody.
    while (!loading->done && steady_clock::now() < limit.expiry())
        co_await loading->over.async_wait(use_task_tuple);
    if (loading->set) co_return loading->set;
    co_return known;
}

/// Whether the vectors are as long as that of the question: other ones are of a model that was replaced
/// under its name.
bool Semantics::fits(const VectorSet& set, std::size_t dimensions) {
    if (set.dimensions == dimensions) return true;
    if (!set.numbers.empty() && !std::exchange(told_of_dimensions_, true))
        log::warn("vectors are of another model with the same name",
                  {{"dimensions", set.dimensions}, {"of_question", dimensions}});
    return false;
}

Task<std::vector<index::Ranked>> Semantics::nearest(UserId owner, std::string question, index::Scope scope,
                                                    std::size_t count) {
    try {
        co_return co_await look(owner, std::move(question), std::move(scope), count);
    } catch (const std::exception& fault) {
        failed_.add();
        log::warn("a question is searched by its words alone", {{"reason", fault.what()}});
    }
    co_return std::vector<index::Ranked>();
}

Task<std::vector<index::Ranked>> Semantics::look(UserId owner, std::string question, index::Scope scope,
                                                 std::size_t count) {
    std::vector<index::Ranked> none;
    const auto corpus = co_await corpus_of(owner, scope);
    if (!corpus || corpus->allowed.empty()) {
        without_.add();
        co_return none;
    }
    const auto asked =
        co_await embedder_.question(std::string(utf8::prefix(question, longest_question)), patience);
    if (!asked.vectors) {
        failed_.add();
        log::warn("a question is searched by its words alone", {{"reason", asked.detail}});
        co_return none;
    }
    const auto set = co_await set_of(owner, *corpus);
    if (!set) {
        late_.add();
        co_return none;
    }
    const auto& vector = (*asked.vectors)[0];
    if (!fits(*set, vector.size())) {
        without_.add();
        co_return none;
    }
    found_.add();
    auto compare = [set, vector, allowed = corpus->allowed, count] {
        return vectors::nearest(*set, vector, allowed, count);
    };
    if (set->numbers.size() <= quick_bytes) co_return compare();
    co_return co_await pool_.run(std::move(compare));
}

}  // namespace bb::materials::vectors
