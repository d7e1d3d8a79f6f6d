// The traceparent header of anybody: what is taken from it can be sent on, and is taken the same way again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/core/trace.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_hex(const std::string& text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos &&
           text.find_first_not_of('0') != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string header(reinterpret_cast<const char*>(data), size);
    const auto heard = bb::parse_traceparent(header);
    require(heard.trace_id.empty() == heard.parent_id.empty());
    if (!heard.trace_id.empty()) {
        require(is_hex(heard.trace_id, 32) && is_hex(heard.parent_id, 16));
        require(header.substr(2, 51) == "-" + heard.trace_id + "-" + heard.parent_id + "-");
        // Only a later version may have more behind it.
        require(header.size() == 55 || (!header.starts_with("00") && header[55] == '-'));
    }
    const auto trace = bb::begin_trace(header);
    require(is_hex(trace.trace_id, 32) && is_hex(trace.span_id, 16));
    const auto again = bb::parse_traceparent(trace.traceparent());
    require(again.trace_id == trace.trace_id && again.parent_id == trace.span_id);
    require(again.sampled == trace.sampled);
    return 0;
}
