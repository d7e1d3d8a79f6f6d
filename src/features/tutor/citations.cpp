#include "features/tutor/citations.hpp"

#include <algorithm>

namespace bb::tutor {
namespace {

constexpr std::size_t longest = 24;  // no list of citations is longer

bool may_stand_in_citation(char c) {
    return (c >= '0' && c <= '9') || c == ',' || c == ' ';
}

}  // namespace

std::vector<int> CitationWatch::feed(std::string_view piece) {
    std::vector<int> found;
    for (const char c : piece) {
        if (c == '[') {
            inside_ = true;
            open_.clear();
        } else if (inside_ && c == ']') {
            close(found);
            inside_ = false;
        } else if (inside_) {
            open_ += c;
            inside_ = may_stand_in_citation(c) && open_.size() <= longest;
        }
    }
    return found;
}

void CitationWatch::mark(int number) {
    if (number > 0 && number < static_cast<int>(seen_.size())) seen_[static_cast<std::size_t>(number)] = true;
}

void CitationWatch::close(std::vector<int>& found) {
    std::size_t number = 0;
    open_ += ',';
    for (const char c : open_) {
        if (c >= '0' && c <= '9') {
            number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(c - '0'), seen_.size());
        } else if (c == ',') {
            if (number > 0 && number < seen_.size() && !seen_[number]) {
                seen_[number] = true;
                found.push_back(static_cast<int>(number));
            }
            number = 0;
        }
    }
}

}  // namespace bb::tutor
