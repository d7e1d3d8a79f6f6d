#include "services/llm/guard.hpp"

#include <algorithm>
#include <utility>

namespace bb::llm {
namespace {

constexpr std::size_t longest_word = 64;

bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::vector<std::string> words_to_guard(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (in_word(c))
            word += lower(c);
        else if (!word.empty())
            words.push_back(std::exchange(word, {}));
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

class Guarded : public Provider {
public:
    explicit Guarded(std::unique_ptr<Provider> inner) : inner_(std::move(inner)) {}

    std::string model() const override { return inner_->model(); }
    std::string state() const override { return inner_->state(); }

    Task<Outcome> chat(ChatRequest request, std::function<void(std::string_view)> on_text,
                       std::shared_ptr<Cancellation> cancellation) override {
        if (!cancellation) cancellation = std::make_shared<Cancellation>();
        std::string secret;
        for (const auto& message : request.messages)
            if (message.role == "system") secret += message.content + "\n";
        LeakGuard guard(secret);
        auto pass = [&](std::string_view piece) {
            const std::string clean = guard.take(piece);
            if (!clean.empty()) on_text(clean);
            if (guard.leaked()) cancellation->cancel();
        };
        auto outcome = co_await inner_->chat(std::move(request), pass, cancellation);
        if (guard.leaked()) {
            outcome.cancelled = false;
            outcome.fault = Fault::leak;
            outcome.finish_reason = "content-filter";
            outcome.fault_detail = "the answer repeated the system message";
        } else if (const auto rest = guard.rest(); !rest.empty() && !outcome.cancelled) {
            on_text(rest);
        }
        co_return outcome;
    }

private:
    std::unique_ptr<Provider> inner_;
};

}  // namespace

LeakGuard::LeakGuard(std::string_view secret) : secret_(words_to_guard(secret)), run_(secret_.size()) {}

std::string LeakGuard::take(std::string_view piece) {
    if (leaked_) return {};
    for (const char c : piece) {
        if (in_word(c)) {
            if (word_.size() < longest_word) word_ += lower(c);
        } else if (!word_.empty()) {
            end_word();
        }
        if (leaked_) return {};
        held_ += c;
    }
    return longest_ < suspicious ? std::exchange(held_, {}) : std::string();
}

std::string LeakGuard::rest() {
    return leaked_ ? std::string() : std::exchange(held_, {});
}

void LeakGuard::end_word() {
    longest_ = 0;
    for (std::size_t i = secret_.size(); i-- > 0;) {
        run_[i] = secret_[i] == word_ ? 1 + (i > 0 ? run_[i - 1] : 0) : 0;
        longest_ = std::max(longest_, run_[i]);
    }
    word_.clear();
    if (longest_ < leaked_words) return;
    leaked_ = true;
    held_.clear();
}

std::unique_ptr<Provider> guarded(std::unique_ptr<Provider> provider) {
    return std::make_unique<Guarded>(std::move(provider));
}

}  // namespace bb::llm
