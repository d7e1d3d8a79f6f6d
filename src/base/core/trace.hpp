#pragma once
#include <string>
#include <string_view>

namespace bb {

/// Where a piece of work stands among those of other programs (https://www.w3.org/TR/trace-context/, version
/// 00). Numbers are lower-case hex digits.
struct Trace {
    std::string trace_id;   // 32 digits; empty: no trace
    std::string parent_id;  // 16 digits: the span that called; empty: the trace begins here
    std::string span_id;    // 16 digits: of this work; empty in what was parsed
    bool sampled = true;    // whoever called keeps it, so we may

    /// A part of this work, with a span of its own.
    Trace child() const;
    /// As the header of a call that this work makes.
    std::string traceparent() const;
};

/// Reads a `traceparent` header. Anything but version 00 in its exact form gives a trace without an id.
Trace parse_traceparent(std::string_view header);
/// Goes on with a parsed trace, or begins one, with a span of its own.
Trace begin_trace(std::string_view traceparent);

/// What began a piece of work, also one that goes on when the request is over.
struct Origin {
    std::string request;  // its id; empty: no request
    Trace trace;
};

}  // namespace bb
