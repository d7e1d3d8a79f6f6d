#include "features/accounts/sign_in_counts.hpp"

namespace bb::accounts {
namespace {

metrics::Counter counter(metrics::Registry& metrics, const char* method, const char* outcome) {
    return metrics.counter("brainbytes_sign_in_total", "Tries to sign in",
                           {{"method", method}, {"outcome", outcome}});
}

/// Invitations and the link of the first administrator are links as well.
std::string_view label_of(std::string_view method) {
    if (method == "code") return "email";
    if (method == "recovery code") return "recovery";
    if (method == "passkey" || method == "github" || method == "key") return method;
    return "link";
}

}  // namespace

SignInCounts::SignInCounts(metrics::Registry& metrics)
    : methods_([&]() {
          const auto method = [&](const char* label) {
              return Method{label,
                            {counter(metrics, label, "succeeded"), counter(metrics, label, "failed"),
                             counter(metrics, label, "limited")}};
          };
          return std::array<Method, 6>{method("email"),  method("link"),     method("passkey"),
                                       method("github"), method("recovery"), method("key")};
      }()) {}

void SignInCounts::count(std::string_view method, Outcome outcome) {
    const auto label = label_of(method);
    for (auto& known : methods_)
        if (known.label == label) known.outcomes[outcome].add();
}

}  // namespace bb::accounts
