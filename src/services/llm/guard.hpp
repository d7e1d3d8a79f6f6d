#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/llm/provider.hpp"

namespace bb::llm {

/// Finds a secret text in an answer while the answer comes in, by its words: spacing, case and punctuation do
/// not matter. A translated or encoded copy is not found. Text is held back only while it agrees with the
/// secret.
class LeakGuard {
public:
    static constexpr std::size_t suspicious = 5;  // words in a row that are held back
    static constexpr std::size_t leaked_words = 12;

    explicit LeakGuard(std::string_view secret);

    /// What may be passed on of what came so far; empty for good once `leaked()`.
    std::string take(std::string_view piece);
    /// What was held back, at the end of an answer that ended in time.
    std::string rest();
    bool leaked() const { return leaked_; }

private:
    void end_word();

    std::vector<std::string> secret_;
    std::vector<std::size_t> run_;  // for each word of the secret: words in a row that agree up to it
    std::string word_;
    std::string held_;
    std::size_t longest_ = 0;
    bool leaked_ = false;
};

/// The same provider, whose answers end with Fault::leak where they begin to repeat the system message.
std::unique_ptr<Provider> guarded(std::unique_ptr<Provider> provider);

}  // namespace bb::llm
