// The reply of a language model is as untrusted as any other bytes from the network: however it is cut into
// pieces, reading it must end well, stay within its bounds, and give text that a database and a page can
// take.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/core/utf8.hpp"
#include "services/llm/answer.hpp"
#include "services/llm/extractive.hpp"

namespace {

constexpr std::size_t max_text = 4096;

bb::llm::Outcome read(std::string_view bytes, std::size_t piece, int status, std::string& text) {
    const auto keep = [&](std::string_view more) {
        text += more;
    };
    bb::llm::Answer answer(
        keep, [] { return true; }, max_text);
    bb::client::Reply reply;
    reply.status = status;
    while (!bytes.empty()) {
        if (answer.take(status, bytes.substr(0, piece)) == bb::client::Heard::stop) {
            reply.failure = bb::client::Failure::aborted;
            break;
        }
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    return answer.judge(reply);
}

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t piece = 1 + data[0] % 64;
    const int status = data[1] % 4 == 0 ? 429 : 200;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    std::string in_pieces;
    std::string at_once;
    const auto first = read(bytes, piece, status, in_pieces);
    const auto second = read(bytes, size, status, at_once);
    require(in_pieces == at_once);
    require(first.fault == second.fault);
    require(in_pieces.size() <= max_text);
    require(bb::utf8::valid(in_pieces));
    require(in_pieces.find('\0') == std::string::npos);
    if (bb::utf8::valid(bytes))
        require(bb::utf8::valid(bb::llm::extractive_summary(bb::utf8::prefix(bytes, 2000))));
    return 0;
}
