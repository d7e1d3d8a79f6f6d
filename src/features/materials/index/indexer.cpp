#include "features/materials/index/indexer.hpp"

#include <unordered_map>

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

// A heading path travels as one text with U+001F between headings: arrays of arrays must be rectangular.
constexpr const char* add_passages_sql =
    "INSERT INTO passages (owner_id, source_id, ordinal, heading_path, start_at, end_at, text, language, "
    "length, page) "
    "SELECT $1, $2, n - 1, CASE WHEN path = '' THEN '{}' ELSE string_to_array(path, chr(31)) END, "
    "       start_at, end_at, text, language, length, nullif(page, 0) "
    "FROM unnest($3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::int[]) "
    "     WITH ORDINALITY AS given (path, start_at, end_at, text, language, length, page, n)";
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

std::string joined_path(const std::vector<std::string>& path) {
    std::string joined;
    for (const auto& heading : path) {
        if (!joined.empty()) joined += '\x1f';
        joined += heading;
    }
    return joined;
}

Task<std::optional<std::int64_t>> find_source(db::Transaction& tx, UserId owner, Source source) {
    const auto rows = co_await tx.query(find_source_sql, owner, source.entry, source.file);
    if (rows.empty()) co_return std::nullopt;
    co_return rows[0].get<std::int64_t>(0);
}

/// Takes what a source has out of the counts; its terms that no passage holds any more come back.
Task<std::vector<std::int64_t>> clear(db::Transaction& tx, UserId owner, std::int64_t source) {
    std::vector<std::int64_t> unused;
    for (const auto row : co_await tx.query(uncount_terms_sql, owner, source))
        if (row.get<std::int64_t>(1) <= 0) unused.push_back(row.get<std::int64_t>(0));
    co_await tx.query(uncount_passages_sql, owner, source);
    co_await tx.query(drop_postings_sql, owner, source);
    co_await tx.query(drop_passages_sql, owner, source);
    co_return unused;
}

Task<void> add_passages(db::Transaction& tx, UserId owner, std::int64_t source, const Document& document) {
    std::vector<std::string> paths;
    std::vector<std::int32_t> starts;
    std::vector<std::int32_t> ends;
    std::vector<std::string_view> texts;
    std::vector<std::string_view> languages;
    std::vector<std::int32_t> pages;
    std::int64_t length = 0;
    for (const text::Passage& passage : document.passages) {
        paths.push_back(joined_path(passage.heading_path));
        starts.push_back(passage.start);
        ends.push_back(passage.end);
        texts.push_back(passage.text);
        languages.push_back(text::code_of(passage.language));
        pages.push_back(passage.page);
    }
    for (const int n : document.lengths) length += n;
    const std::vector<std::int32_t> lengths(document.lengths.begin(), document.lengths.end());
    co_await tx.query(add_passages_sql, owner, source, paths, starts, ends, texts, languages, lengths, pages);
    co_await tx.query(count_passages_sql, owner, static_cast<std::int64_t>(paths.size()), length);
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
               const Document& document) {
    co_await tx.query(lock_sql, owner);
    std::vector<std::int64_t> unused;
    auto id = co_await find_source(tx, owner, source);
    if (id) {
        unused = co_await clear(tx, owner, *id);
    } else {
        const auto rows = co_await tx.query(add_source_sql, owner, material, source.entry, source.file);
        id = rows[0].get<std::int64_t>(0);
    }
    if (!document.passages.empty()) {
        co_await add_passages(tx, owner, *id, document);
        const auto terms = co_await terms_of(tx, document.words);
        co_await add_postings(tx, owner, material, *id, join_terms(document.words, terms));
    }
    if (!unused.empty()) co_await tx.query(drop_terms_sql, owner, unused);
}

Task<void> remove(db::Transaction& tx, UserId owner, Source source) {
    co_await tx.query(lock_sql, owner);
    const auto id = co_await find_source(tx, owner, source);
    if (!id) co_return;
    const auto unused = co_await clear(tx, owner, *id);
    co_await tx.query(drop_source_sql, owner, *id);
    if (!unused.empty()) co_await tx.query(drop_terms_sql, owner, unused);
}

Task<void> move(db::Transaction& tx, UserId owner, Source source, MaterialId material) {
    co_await tx.query(lock_sql, owner);
    co_await tx.query(move_source_sql, owner, source.entry, source.file, material);
}

}  // namespace bb::materials::index
