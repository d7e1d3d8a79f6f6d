// A request is the first thing a stranger sends: however it is cut into pieces it must read the same, stay
// within its bounds, and never pass for two different requests.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/http/parser.hpp"

namespace {

using bb::http::RequestParser;
using Step = RequestParser::Step;

constexpr std::size_t max_body = 2000;

struct Outcome {
    Step step = Step::more;
    int status = 0;
    std::size_t used = 0;
    bb::http::RequestHead head;
    std::string body;
};

/// Feeds the parser as a connection does: what it did not take comes again with more behind it.
Outcome read(std::string_view bytes, std::size_t piece) {
    RequestParser parser;
    Outcome outcome;
    std::string waiting;
    while (outcome.step == Step::more || outcome.step == Step::head) {
        if (outcome.step == Step::head) parser.limit_body(max_body);
        std::size_t used = 0;
        outcome.step = parser.feed(waiting, used);
        outcome.used += used;
        waiting.erase(0, used);
        if (outcome.step != Step::more) continue;
        if (bytes.empty()) break;
        waiting.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    outcome.status = parser.failure_status();
    outcome.head = parser.head();
    outcome.body = parser.take_body();
    return outcome;
}

void require(bool condition) {
    if (!condition) std::abort();
}

void check_bounds(const Outcome& outcome, std::size_t size) {
    require(outcome.used <= size);
    require(outcome.body.size() <= max_body);
    require(outcome.head.headers.size() <= 100);
    require((outcome.step == Step::failed) == (outcome.status != 0));
    if (outcome.step != Step::done) return;
    require(outcome.head.target.size() <= 8 * 1024);
    require(!outcome.head.chunked || !outcome.head.content_length);
    require(outcome.head.chunked || outcome.body.size() == outcome.head.content_length.value_or(0));
    const auto hosts = std::count_if(outcome.head.headers.begin(), outcome.head.headers.end(),
                                     [](const auto& field) { return field.first == "host"; });
    require(hosts == 1 || (hosts == 0 && outcome.head.http_1_0));
    for (const auto& [name, value] : outcome.head.headers) {
        require(!name.empty());
        require(value.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome at_once = read(bytes, bytes.size() + 1);
    const Outcome in_pieces = read(bytes, 1 + data[0] % 16);
    check_bounds(at_once, bytes.size());
    check_bounds(in_pieces, bytes.size());
    // A header without an end is too large sooner in one piece than in many; nothing else may differ.
    if (bytes.size() > 8 * 1024) return 0;
    require(at_once.step == in_pieces.step);
    require(at_once.status == in_pieces.status);
    if (at_once.step != Step::done) return 0;
    require(at_once.used == in_pieces.used);
    require(at_once.head.target == in_pieces.head.target);
    require(at_once.head.headers == in_pieces.head.headers);
    require(at_once.body == in_pieces.body);
    return 0;
}
