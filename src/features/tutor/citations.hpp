#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace bb::tutor {

/// Watches a text that comes in pieces for citations: [3], or several as [1, 4].
class CitationWatch {
public:
    /// Numbers from 1 to `count` exist; others are ignored.
    explicit CitationWatch(int count = 0) : seen_(static_cast<std::size_t>(count) + 1, false) {}

    /// The numbers that `piece` cites for the first time, in order.
    std::vector<int> feed(std::string_view piece);
    /// Says that a number has been cited already.
    void mark(int number);

private:
    void close(std::vector<int>& found);

    std::vector<bool> seen_;
    std::string open_;  // what stands behind an open bracket so far
    bool inside_ = false;
};

}  // namespace bb::tutor
