#include <algorithm>

#include "base/core/utf8.hpp"
#include "features/materials/handlers.hpp"
#include "features/materials/render.hpp"
#include "features/materials/search.hpp"
#include "features/materials/titles.hpp"

namespace bb::materials {
namespace {

constexpr std::size_t longest_query = 500;  // code points
constexpr int standard_results = 10;
constexpr int most_results = 50;
constexpr int most_titles = 5;  // of materials, and of threads: there is still room for what stands in them

struct SearchQuery {
    std::string words;
    bool materials = true;
    bool threads = true;
    std::vector<Uuid> only;
    int limit = standard_results;
};

std::optional<Error> read_places(std::string_view places, SearchQuery& query) {
    query.materials = query.threads = false;
    while (true) {
        const auto comma = places.find(',');
        const std::string_view place = utf8::trim(places.substr(0, comma));
        if (place == "materials") {
            query.materials = true;
        } else if (place == "threads") {
            query.threads = true;
        } else {
            return bad_field("?in", "must be materials, threads or both with a comma between");
        }
        if (comma == std::string_view::npos) return std::nullopt;
        places.remove_prefix(comma + 1);
    }
}

Result<SearchQuery> read_query(const http::Request& request) {
    SearchQuery query;
    const std::string_view words = utf8::trim(request.query("q").value_or(""));
    if (words.empty()) return bad_field("?q", "is required");
    if (!utf8::valid(words) || utf8::has_controls(words)) return bad_field("?q", "must be text");
    if (utf8::length(words) > longest_query) return bad_field("?q", "must have at most 500 characters");
    query.words = std::string(words);
    if (const auto places = request.query("in"))
        if (auto bad = read_places(*places, query)) return *bad;
    auto page = http::page_query(request, standard_results, most_results);
    if (!page) return page.error();
    query.limit = page->limit;
    if (const auto material = request.query("material")) {
        const auto id = Uuid::parse(*material);
        if (!id) return bad_field("?material", "must be the id of a material");
        query.only.push_back(*id);
        query.threads = false;
    }
    return query;
}

/// Rendered results with scores that can be compared: the best of each kind counts 1.
struct Rendered {
    double score = 0;
    std::string json;
};

template <class Found>
void render(std::vector<Rendered>& out, std::vector<Found>& found) {
    double best = 0;
    for (const Found& one : found) best = std::max(best, one.score);
    for (Found& one : found) {
        if (best > 0) one.score /= best;
        out.push_back(Rendered{one.score, to_json(one)});
    }
}

std::string results_to_json(std::vector<Rendered> results, int limit, bool answerable) {
    std::stable_sort(results.begin(), results.end(),
                     [](const Rendered& a, const Rendered& b) { return a.score > b.score; });
    if (results.size() > static_cast<std::size_t>(limit)) results.resize(static_cast<std::size_t>(limit));
    JsonWriter json;
    json.object().key("results").array();
    for (const Rendered& result : results) json.raw(result.json);
    json.end().field("answerable", answerable).end();
    return json.take();
}

/// Passages, and the materials that are called so; says whether the passages are enough to answer from.
Task<bool> look_in_materials(UserId owner, const SearchQuery& query, Services& services,
                             std::vector<Rendered>& results) {
    Search passages(services.db, services.semantics);
    auto found = co_await passages.everywhere(owner, query.words, query.only, query.limit);
    render(results, found.passages);
    if (query.only.empty()) {
        TitleSearch titles(services.db);
        auto titled = co_await titles.materials(owner, query.words, most_titles);
        render(results, titled);
    }
    co_return found.answerable;
}

/// Messages, and the threads that are called so.
Task<void> look_in_threads(UserId owner, const SearchQuery& query, MessageSearch& threads,
                           std::vector<Rendered>& results) {
    auto found = co_await threads.messages(owner, query.words, query.limit);
    render(results, found);
    auto titled = co_await threads.titled(owner, query.words, most_titles);
    render(results, titled);
}

}  // namespace

Answer search(http::Request& request, Services& services) {
    auto query = read_query(request);
    if (!query) co_return query.error();
    const UserId owner = accounts::owner_of(request);
    std::vector<Rendered> results;
    bool answerable = false;
    if (query->materials) answerable = co_await look_in_materials(owner, *query, services, results);
    if (query->threads && services.messages)
        co_await look_in_threads(owner, *query, *services.messages, results);
    auto json = results_to_json(std::move(results), query->limit, answerable);
    co_return http::with_etag(request, http::json_response(std::move(json)));
}

}  // namespace bb::materials
