#pragma once
#include <string>
#include <vector>

#include "base/client/http_client.hpp"

namespace bb::verify {

/// What Mozilla's HTTP Observatory makes of an answer.
struct HeaderScore {
    int points = 0;
    std::vector<std::string> costs;  ///< "hsts-not-implemented -20", by the names of the results there

    /// "A+" to "F".
    const char* grade() const;
};

/// From which on it is good: an A.
inline constexpr int good_score = 90;

/// The score of the scheme that Mozilla publishes
/// (developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, with the numbers of src/grader/charts.js
/// in github.com/mdn/mdn-http-observatory): 100, less what each test costs; what tests earn is added from 90
/// on. Without `https`, HSTS and cookies are left out. Redirection and preload lists are not looked at: they
/// are of the proxy in front, and of browsers.
HeaderScore score_of(const client::Reply& reply, bool https);

}  // namespace bb::verify
