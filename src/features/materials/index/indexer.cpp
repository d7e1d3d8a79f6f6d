#include "features/materials/index/indexer.hpp"

#include <unordered_map>

#include "features/materials/index/renewal.hpp"
#include "features/materials/index/trigrams.hpp"

namespace bb::materials::index {
namespace {

// Taking the row's lock makes changes of one owner's index follow each other.
constexpr const char* lock_sql =
    "INSERT INTO corpora AS c (owner_id) VALUES ($1) "
    "ON CONFLICT (owner_id) DO UPDATE SET passages = c.passages";
constexpr const char* find_source_sql =
    "SELECT id FROM sources WHERE owner_id = $1 AND (entry_id = $2 OR file_id = $3)";
constexpr const char* add_source_sql =
    "INSERT INTO sources (owner_id, material_id, entry_id, file_id) VALUES ($1, $2, $3, $4) RETURNING id";
constexpr const char* move_source_sql =
    "UPDATE sources SET material_id = $4 WHERE owner_id = $1 AND (entry_id = $2 OR file_id = $3)";
constexpr const char* drop_source_sql = "DELETE FROM sources WHERE owner_id = $1 AND id = $2";

constexpr const char* uncount_terms_sql =
    "UPDATE vocabulary v SET passages = v.passages - p.passages FROM postings p "
    "WHERE p.owner_id = $1 AND p.source_id = $2 AND v.id = p.term_id AND v.owner_id = $1 "
    "RETURNING v.id, v.passages";
constexpr const char* drop_terms_sql =
    "DELETE FROM vocabulary WHERE owner_id = $1 AND id = ANY($2) AND passages <= 0";
constexpr const char* uncount_passages_sql =
    "UPDATE corpora c SET passages = c.passages - gone.passages, length = c.length - gone.length "
    "FROM (SELECT count(*) AS passages, coalesce(sum(length), 0) AS length FROM passages "
    "      WHERE owner_id = $1 AND source_id = $2) AS gone "
    "WHERE c.owner_id = $1";
constexpr const char* drop_postings_sql = "DELETE FROM postings WHERE owner_id = $1 AND source_id = $2";
constexpr const char* drop_passages_sql = "DELETE FROM passages WHERE owner_id = $1 AND source_id = $2";

constexpr const char* lexemes_of_passages_sql =
    "SELECT coalesce((ts_lexize('english_stem', word))[1], '') "
    "FROM unnest($1::text[]) WITH ORDINALITY AS asked (word, n) ORDER BY n";

// Makes fingerprint() of each row. Locked in the order of ids, as whoever keeps vectors does.
constexpr const char* stored_passages_sql =
    "SELECT p.id, p.ordinal, sha256(convert_to(concat(coalesce(p.page, 0), ':', octet_length(path), ':', "
    "       path, p.text), 'UTF8')) "
    "FROM passages p CROSS JOIN LATERAL (SELECT array_to_string(p.heading_path, chr(31)) AS path) h "
    "WHERE p.owner_id = $1 AND p.source_id = $2 ORDER BY p.id FOR UPDATE OF p";
constexpr const char* drop_gone_passages_sql =
    "DELETE FROM passages WHERE owner_id = $1 AND source_id = $2 AND id = ANY($3)";
// Ordinals of a source are unique after every single row: those that change are below 0 on their way.
constexpr const char* keep_passages_sql =
    "UPDATE passages p SET "
    "  ordinal = CASE WHEN p.ordinal = given.ordinal THEN given.ordinal ELSE -1 - given.ordinal END, "
    "  start_at = given.start_at, end_at = given.end_at, language = given.language, length = given.length "
    "FROM unnest($3::bigint[], $4::int[], $5::int[], $6::int[], $7::text[], $8::int[]) "
    "     AS given (id, ordinal, start_at, end_at, language, length) "
    "WHERE p.owner_id = $1 AND p.source_id = $2 AND p.id = given.id "
    "AND (p.ordinal, p.start_at, p.end_at, p.language, p.length) IS DISTINCT FROM "
    "    (given.ordinal, given.start_at, given.end_at, given.language, given.length)";
constexpr const char* place_passages_sql =
    "UPDATE passages SET ordinal = -1 - ordinal WHERE owner_id = $1 AND source_id = $2 AND ordinal < 0";
// A heading path travels as one text (joined_path()): arrays of arrays must be rectangular.
constexpr const char* add_passages_sql =
    "INSERT INTO passages (owner_id, source_id, ordinal, heading_path, start_at, end_at, text, language, "
    "length, page) "
    "SELECT $1, $2, ordinal, CASE WHEN path = '' THEN '{}' ELSE string_to_array(path, chr(31)) END, "
    "       start_at, end_at, text, language, length, nullif(page, 0) "
    "FROM unnest($3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::int[], "
    "     $10::int[]) AS given (path, start_at, end_at, text, language, length, page, ordinal)";
constexpr const char* count_passages_sql =
    "UPDATE corpora SET passages = passages + $2, length = length + $3 WHERE owner_id = $1";
constexpr const char* add_terms_sql =
    "INSERT INTO vocabulary AS v (owner_id, term, passages) "
    "SELECT $1, term, passages FROM unnest($2::text[], $3::int[]) AS given (term, passages) "
    "ON CONFLICT (owner_id, term) DO UPDATE SET passages = v.passages + excluded.passages "
    "RETURNING id, term, (xmax = 0) AS is_new";
constexpr const char* add_trigrams_sql =
    "INSERT INTO vocabulary_trigrams (owner_id, trigram, term_id) "
    "SELECT $1, trigram, term FROM unnest($2::int[], $3::bigint[]) AS given (trigram, term)";
constexpr const char* add_postings_sql =
    "INSERT INTO postings (owner_id, material_id, source_id, term_id, passages, hits) "
    "SELECT $1, $2, $3, term, passages, hits "
    "FROM unnest($4::bigint[], $5::int[], $6::text[]) AS given (term, passages, hits)";

Task<std::optional<std::int64_t>> find_source(db::Transaction& tx, UserId owner, Source source) {
    const auto rows = co_await tx.query(find_source_sql, owner, source.entry, source.file);
    if (rows.empty()) co_return std::nullopt;
    co_return rows[0].get<std::int64_t>(0);
}

/// Takes what a source has out of the counts, and its postings away; its terms that no passage holds any more
/// come back.
Task<std::vector<std::int64_t>> uncount(db::Transaction& tx, UserId owner, std::int64_t source) {
    std::vector<std::int64_t> unused;
    for (const auto row : co_await tx.query(uncount_terms_sql, owner, source))
        if (row.get<std::int64_t>(1) <= 0) unused.push_back(row.get<std::int64_t>(0));
    co_await tx.query(uncount_passages_sql, owner, source);
    co_await tx.query(drop_postings_sql, owner, source);
    co_return unused;
}

/// Removes the passages that do not stay.
Task<Renewal> renew(db::Transaction& tx, UserId owner, std::int64_t source, const Document& document) {
    std::vector<StoredPassage> before;
    for (const auto row : co_await tx.query(stored_passages_sql, owner, source)) {
        StoredPassage& one = before.emplace_back();
        one.id = row.get<std::int64_t>(0);
        one.ordinal = row.get<std::int32_t>(1);
        one.fingerprint = row.get<crypto::Digest>(2);
    }
    auto renewal = renewal_of(std::move(before), document.fingerprints);
    if (!renewal.gone.empty()) co_await tx.query(drop_gone_passages_sql, owner, source, renewal.gone);
    co_return renewal;
}

/// Gives the passages that stay their new places.
Task<void> keep_passages(db::Transaction& tx, UserId owner, std::int64_t source, const Document& document,
                         const std::vector<Renewal::Kept>& kept) {
    std::vector<std::int64_t> ids;
    std::vector<std::int32_t> ordinals, starts, ends, lengths;
    std::vector<std::string_view> languages;
    bool moved = false;
    for (const auto& one : kept) {
        const auto at = static_cast<std::size_t>(one.now);
        const text::Passage& passage = document.passages[at];
        ids.push_back(one.id);
        ordinals.push_back(one.now);
        starts.push_back(passage.start);
        ends.push_back(passage.end);
        languages.push_back(text::code_of(passage.language));
        lengths.push_back(document.lengths[at]);
        moved = moved || one.before != one.now;
    }
    if (ids.empty()) co_return;
    co_await tx.query(keep_passages_sql, owner, source, ids, ordinals, starts, ends, languages, lengths);
    if (moved) co_await tx.query(place_passages_sql, owner, source);
}

Task<void> add_passages(db::Transaction& tx, UserId owner, std::int64_t source, const Document& document,
                        const std::vector<std::int32_t>& fresh) {
    std::vector<std::string> paths;
    std::vector<std::string_view> texts, languages;
    std::vector<std::int32_t> starts, ends, lengths, pages;
    for (const std::int32_t ordinal : fresh) {
        const auto at = static_cast<std::size_t>(ordinal);
        const text::Passage& passage = document.passages[at];
        paths.push_back(joined_path(passage.heading_path));
        starts.push_back(passage.start);
        ends.push_back(passage.end);
        texts.push_back(passage.text);
        languages.push_back(text::code_of(passage.language));
        lengths.push_back(document.lengths[at]);
        pages.push_back(passage.page);
    }
    if (fresh.empty()) co_return;
    co_await tx.query(add_passages_sql, owner, source, paths, starts, ends, texts, languages, lengths, pages,
                      fresh);
}

Task<void> count_passages(db::Transaction& tx, UserId owner, const Document& document) {
    std::int64_t length = 0;
    for (const int n : document.lengths) length += n;
    co_await tx.query(count_passages_sql, owner, static_cast<std::int64_t>(document.passages.size()), length);
}

Task<void> add_trigrams(db::Transaction& tx, UserId owner,
                        const std::vector<std::pair<std::int64_t, std::string>>& terms) {
    std::vector<std::int32_t> trigrams;
    std::vector<std::int64_t> ids;
    for (const auto& [id, term] : terms)
        for (const std::int32_t trigram : trigrams_of(sound_of(term))) {
            trigrams.push_back(trigram);
            ids.push_back(id);
        }
    if (!ids.empty()) co_await tx.query(add_trigrams_sql, owner, trigrams, ids);
}

Task<void> add_postings(db::Transaction& tx, UserId owner, MaterialId material, std::int64_t source,
                        const std::vector<DocumentTerm>& terms) {
    std::vector<std::string_view> names;
    std::vector<std::int32_t> counts;
    std::unordered_map<std::string_view, const DocumentTerm*> by_name;
    for (const DocumentTerm& term : terms) {
        names.push_back(term.term);
        counts.push_back(static_cast<std::int32_t>(term.hits.size()));
        by_name.emplace(term.term, &term);
    }
    std::vector<std::pair<std::int64_t, std::string>> fresh;
    std::vector<std::int64_t> ids;
    std::vector<std::int32_t> passages;
    std::vector<std::string> hits;
    for (const auto row : co_await tx.query(add_terms_sql, owner, names, counts)) {
        const auto name = row.get<std::string_view>(1);
        const DocumentTerm& term = *by_name.at(name);
        ids.push_back(row.get<std::int64_t>(0));
        passages.push_back(static_cast<std::int32_t>(term.hits.size()));
        hits.push_back(pack(term.hits));
        if (row.get<bool>(2)) fresh.emplace_back(ids.back(), name);
    }
    co_await tx.query(add_postings_sql, owner, material, source, ids, passages, hits);
    co_await add_trigrams(tx, owner, fresh);
}

}  // namespace

Task<std::vector<std::string>> terms_of(db::Transaction& tx, const std::vector<DocumentWord>& words) {
    std::vector<std::string_view> english;
    for (const DocumentWord& word : words)
        if (!word.is_term) english.push_back(word.word);
    const auto lexemes = co_await tx.query(lexemes_of_passages_sql, english);
    std::vector<std::string> terms;
    terms.reserve(words.size());
    int next = 0;
    for (const DocumentWord& word : words)
        terms.push_back(word.is_term ? word.word : lexemes[next++].get<std::string>(0));
    co_return terms;
}

Task<void> put(db::Transaction& tx, UserId owner, MaterialId material, Source source,
               const Document& document, Keep keep) {
    co_await tx.query(lock_sql, owner);
    std::vector<std::int64_t> unused;
    auto id = co_await find_source(tx, owner, source);
    if (id) {
        unused = co_await uncount(tx, owner, *id);
        if (keep == Keep::none) co_await tx.query(drop_passages_sql, owner, *id);
    } else {
        const auto rows = co_await tx.query(add_source_sql, owner, material, source.entry, source.file);
        id = rows[0].get<std::int64_t>(0);
    }
    const auto renewal = co_await renew(tx, owner, *id, document);
    co_await keep_passages(tx, owner, *id, document, renewal.kept);
    co_await add_passages(tx, owner, *id, document, renewal.fresh);
    if (!document.passages.empty()) {
        co_await count_passages(tx, owner, document);
        const auto terms = co_await terms_of(tx, document.words);
        co_await add_postings(tx, owner, material, *id, join_terms(document.words, terms));
    }
    if (!unused.empty()) co_await tx.query(drop_terms_sql, owner, unused);
}

Task<void> remove(db::Transaction& tx, UserId owner, Source source) {
    co_await tx.query(lock_sql, owner);
    const auto id = co_await find_source(tx, owner, source);
    if (!id) co_return;
    const auto unused = co_await uncount(tx, owner, *id);
    co_await tx.query(drop_passages_sql, owner, *id);
    co_await tx.query(drop_source_sql, owner, *id);
    if (!unused.empty()) co_await tx.query(drop_terms_sql, owner, unused);
}

Task<void> move(db::Transaction& tx, UserId owner, Source source, MaterialId material) {
    co_await tx.query(lock_sql, owner);
    co_await tx.query(move_source_sql, owner, source.entry, source.file, material);
}

}  // namespace bb::materials::index
