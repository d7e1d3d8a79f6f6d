#include "services/llm/embeddings.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "services/llm/retry.hpp"

namespace bb::llm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{60'000};  // a batch on a small machine's processor
constexpr milliseconds connecting{5'000};
constexpr std::size_t max_answer = 16 << 20;  // 64 vectors of 4,096 numbers of 24 characters need less
constexpr std::size_t most_numbers = 4'096;

/// Empty: not a vector.
std::vector<float> read_vector(const boost::json::value* given) {
    std::vector<float> vector;
    const auto* numbers = given ? given->if_array() : nullptr;
    if (!numbers || numbers->size() > most_numbers) return vector;
    vector.reserve(numbers->size());
    double square = 0;
    for (const auto& number : *numbers) {
        boost::system::error_code bad;
        const double value = number.to_number<double>(bad);
        if (bad || !(std::abs(value) <= std::numeric_limits<float>::max())) return {};
        const auto kept = static_cast<float>(value);
        square += static_cast<double>(kept) * kept;
        vector.push_back(kept);
    }
    if (square <= 0) vector.clear();
    return vector;
}

}  // namespace

std::string embedding_body(const std::vector<std::string>& texts, std::string_view model) {
    JsonWriter out;
    out.object().field("model", model).field("encoding_format", "float").key("input").array();
    for (const auto& text : texts) out.value(text);
    out.end().end();
    return out.take();
}

std::optional<Vectors> read_embeddings(std::string_view json, std::size_t count) {
    const auto value = parse_json(json);
    const auto* answer = value ? value->if_object() : nullptr;
    const auto* member = answer ? answer->if_contains("data") : nullptr;
    const auto* data = member ? member->if_array() : nullptr;
    if (!data || data->size() != count) return std::nullopt;
    Vectors vectors(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* one = (*data)[i].if_object();
        if (!one) return std::nullopt;
        const auto* index = one->if_contains("index");
        const std::size_t place =
            index && index->is_int64() ? static_cast<std::size_t>(index->get_int64()) : i;
        if (place >= count) return std::nullopt;
        vectors[place] = read_vector(one->if_contains("embedding"));
    }
    const auto same = [&](const auto& vector) {
        return !vector.empty() && vector.size() == vectors[0].size();
    };
    if (!std::all_of(vectors.begin(), vectors.end(), same)) return std::nullopt;
    return vectors;
}

Embedder::Embedder(client::HttpClient& client, metrics::Registry& registry, Circuit& circuit,
                   EmbeddingOptions options)
    : client_(client), registry_(registry), circuit_(circuit), options_(std::move(options)) {
    while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
}

std::string Embedder::state() const {
    return circuit_.state(std::chrono::steady_clock::now());
}

Task<Embedded> Embedder::ask(std::vector<std::string> texts, milliseconds limit) {
    client::Outgoing request("POST", options_.base_url + "/embeddings");
    request.headers = {{"Content-Type", "application/json"}};
    if (!options_.api_key.empty())
        request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
    request.body = embedding_body(texts, options_.model);
    request.max_bytes = max_answer;
    request.deadlines.connect = std::min(connecting, limit);
    request.deadlines.whole = limit;
    const auto reply = co_await client_.send(std::move(request));
    Embedded embedded;
    embedded.status = reply.failure ? 0 : reply.status;
    embedded.asked_wait = parse_retry_after(reply.header("retry-after"), std::chrono::system_clock::now());
    if (reply.failure) {
        embedded.detail = reply.detail;
    } else if (reply.status != 200) {
        embedded.detail = "status " + std::to_string(reply.status);
    } else {
        embedded.vectors = read_embeddings(reply.body, texts.size());
        if (!embedded.vectors) embedded.detail = "the answer holds no vectors";
    }
    co_return embedded;
}

void Embedder::count(const char* of, const Embedded& embedded) {
    registry_
        .counter("brainbytes_embedding_requests_total", "Calls to the embedding model by outcome.",
                 {{"of", of}, {"outcome", embedded.vectors ? "ok" : "failed"}})
        .add();
}

Task<Embedded> Embedder::passages(std::vector<std::string> texts) {
    auto embedded = co_await ask(std::move(texts), patience);
    count("passages", embedded);
    co_return embedded;
}

Task<Embedded> Embedder::question(std::string text, milliseconds limit) {
    Embedded embedded;
    if (!circuit_.admit(std::chrono::steady_clock::now())) {
        embedded.detail = "calls are suspended after repeated failures";
        co_return embedded;
    }
    try {
        std::vector<std::string> texts(1, std::move(text));
        embedded = co_await ask(std::move(texts), limit);
    } catch (...) {
        circuit_.dropped();
        throw;
    }
    const auto now = std::chrono::steady_clock::now();
    if (embedded.vectors)
        circuit_.succeeded();
    else if (embedded.status >= 400 && embedded.status < 500)
        circuit_.complained(now);
    else
        circuit_.failed(now);
    count("question", embedded);
    co_return embedded;
}

}  // namespace bb::llm
