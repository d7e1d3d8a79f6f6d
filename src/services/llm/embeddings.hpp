#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/client/http_client.hpp"
#include "base/core/metrics.hpp"
#include "base/core/task.hpp"
#include "services/llm/circuit.hpp"

namespace bb::llm {

/// What texts mean, each as a vector; of as many numbers for every text.
using Vectors = std::vector<std::vector<float>>;

/// Where the model is that gives vectors.
struct EmbeddingOptions {
    std::string base_url = "https://api.openai.com/v1";
    std::string api_key;  // empty: none is sent
    std::string model;
};

/// What came of asking for vectors. Without `vectors` it failed.
struct Embedded {
    std::optional<Vectors> vectors;
    int status = 0;      // of the answer; 0: none came
    std::string detail;  // for the operator's log, without user text
    std::optional<std::chrono::milliseconds> asked_wait;

    /// The server does not take one of the texts, as far as can be told at this attempt (from 1): another
    /// may be good. A fault of its own that stays is taken for that: some answer so to a text that is too
    /// long.
    bool refuses_text(int attempt) const {
        return status == 400 || status == 413 || status == 422 || (status == 500 && attempt >= 4);
    }
};

/// The body of POST {base}/embeddings.
std::string embedding_body(const std::vector<std::string>& texts, std::string_view model);

/// The vectors in an answer, in the order of the `count` texts. Errors: nullopt when one is missing, has
/// another length than the rest or more than 4,096 numbers, or holds no direction (as floats).
std::optional<Vectors> read_embeddings(std::string_view json, std::size_t count);

/// Any server with OpenAI's embeddings. The references must outlive it; same loop as `client`. `circuit` is
/// shared by all who ask the same server while somebody waits.
class Embedder {
public:
    Embedder(client::HttpClient& client, metrics::Registry& registry, Circuit& circuit,
             EmbeddingOptions options);

    const std::string& model() const { return options_.model; }
    /// "available", "degraded" or "unavailable", from recent questions.
    std::string state() const;

    /// The vectors of passages: one attempt, that may take its time. At most 64 texts.
    Task<Embedded> passages(std::vector<std::string> texts);
    /// The vector of a question somebody waits for: one attempt within `limit`, and none while the server
    /// keeps failing.
    Task<Embedded> question(std::string text, std::chrono::milliseconds limit);

private:
    Task<Embedded> ask(std::vector<std::string> texts, std::chrono::milliseconds limit);
    void count(const char* of, const Embedded& embedded);

    client::HttpClient& client_;
    metrics::Registry& registry_;
    Circuit& circuit_;
    EmbeddingOptions options_;
};

}  // namespace bb::llm
