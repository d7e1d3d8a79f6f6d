#include "base/http/parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

#include "base/http/chunked.hpp"

namespace bb::http {
namespace {

namespace beast = boost::beast::http;
using BeastText = boost::beast::string_view;

Method method_of(beast::verb verb) {
    switch (verb) {
        case beast::verb::get:
            return Method::get;
        case beast::verb::head:
            return Method::head;
        case beast::verb::post:
            return Method::post;
        case beast::verb::put:
            return Method::put;
        case beast::verb::patch:
            return Method::patch;
        case beast::verb::delete_:
            return Method::del;
        case beast::verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

constexpr std::size_t longest_line_rest = 64;  // of a start line beside its target: method, spaces, version

/// What may stand in a Host field (RFC 3986, 3.2.2): a name, an address or an address in brackets, and a
/// port.
bool is_host(std::string_view text) {
    return text.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=:[]") ==
           std::string_view::npos;
}

/// Whether a first line ends with a well-formed version that is not 1.0 or 1.1.
bool names_other_version(std::string_view line) {
    constexpr std::string_view form = " HTTP/1.1\r\n";
    if (line.size() < form.size()) return false;
    const std::string_view end = line.substr(line.size() - form.size());
    const auto digit = [](char c) {
        return c >= '0' && c <= '9';
    };
    return end.substr(0, 6) == form.substr(0, 6) && digit(end[6]) && end[7] == '.' && digit(end[8]) &&
           !(end[6] == '1' && (end[8] == '0' || end[8] == '1'));
}

/// Looks at raw header bytes for what Beast lets pass.
struct HeadScan {
    std::size_t at = 0;          // bytes looked at so far
    std::size_t line_bytes = 0;  // of the first line, once it is complete
    const char* fault = nullptr;

    /// Length of the head with its empty line once that is complete, else 0.
    std::size_t run(std::string_view bytes) {
        for (; at < bytes.size(); ++at) {
            const char c = bytes[at];
            if (c == '\0') fault = "The header contains a NUL byte.";
            if (c == '\n' && (at == 0 || bytes[at - 1] != '\r')) fault = "A header line ends without CR LF.";
            if (c != '\n' && at > 0 && bytes[at - 1] == '\r') fault = "The header contains a bare CR.";
            if ((c == ' ' || c == '\t') && at > 1 && bytes[at - 1] == '\n')
                fault = "Folded header lines are obsolete.";
            if (fault) return 0;
            if (c == '\n' && line_bytes == 0) line_bytes = at + 1;
            if (c == '\n' && at >= 3 && bytes[at - 2] == '\n') return ++at;
        }
        return 0;
    }
};

}  // namespace

struct RequestParser::Impl : beast::basic_parser<true> {
    using Code = boost::beast::error_code;

    explicit Impl(RequestLimits bounds) : limits(bounds) {
        header_limit(static_cast<std::uint32_t>(bounds.header_bytes));
        body_limit(boost::none);
        eager(false);
    }

    void on_request_impl(beast::verb verb, BeastText, BeastText target, int version, Code&) override {
        head.method = method_of(verb);
        head.target.assign(target.data(), target.size());
        head.http_1_0 = version == 10;
        unknown_version = version != 10 && version != 11;
    }
    void on_response_impl(int, BeastText, int, Code&) override {}
    void on_field_impl(beast::field, BeastText name, BeastText value, Code& failed) override {
        if (head.headers.size() == limits.header_count) {
            failed = beast::make_error_code(beast::error::header_limit);
            return;
        }
        head.headers.emplace_back(lower({name.data(), name.size()}), std::string(value.data(), value.size()));
    }
    void on_header_impl(Code&) override {}
    // Beast reads the head alone; bodies are ours.
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(BeastText, Code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, BeastText, Code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastText, Code&) override { return 0; }
    void on_finish_impl(Code&) override {}

    Step fail(int code, std::string why) {
        status = code;
        reason = std::move(why);
        return Step::failed;
    }

    Step fail(const Code& failed) {
        if (failed == beast::error::header_limit) return fail(431, "The header is too large.");
        if (failed == beast::error::bad_version)
            return fail(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
        return fail(400, "The request is not valid HTTP: " + failed.message() + ".");
    }

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(
            std::count_if(head.headers.begin(), head.headers.end(),
                          [&](const auto& field) { return field.first == name; }));
    }

    std::string_view value(std::string_view name) const {
        for (const auto& field : head.headers)
            if (field.first == name) return field.second;
        return {};
    }

    /// What RFC 9112 forbids or leaves open, once the whole head is here.
    Step check_head() {
        if (unknown_version) return fail(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
        if (head.target.size() > limits.target_bytes) return fail(414, "The address is too long.");
        const std::size_t hosts = count("host");
        if (hosts > 1 || (hosts == 0 && !head.http_1_0))
            return fail(400, "There must be exactly one Host field.");
        if (!is_host(value("host"))) return fail(400, "The Host field is not the name of a host.");
        const std::size_t codings = count("transfer-encoding");
        if (codings > 1) return fail(400, "There must be one Transfer-Encoding at most.");
        if (codings == 1 && lower(value("transfer-encoding")) != "chunked")
            return fail(501, "Only the transfer coding chunked is supported.");
        if (codings == 1 && (head.http_1_0 || count("content-length") > 0))
            return fail(400, "A chunked request must be HTTP/1.1 and have no Content-Length.");
        if (count("content-length") > 1 ||
            value("content-length").find_first_not_of("0123456789") != std::string::npos)
            return fail(400, "There must be one Content-Length at most, a plain number.");
        head.chunked = codings == 1;
        head.keep_alive = keep_alive();
        if (const auto length = content_length()) head.content_length = *length;
        head.has_body = head.chunked || head.content_length.value_or(0) > 0;
        head_done = true;
        head.expects_continue = !head.http_1_0 && lower(value("expect")) == "100-continue";
        return Step::head;
    }

    Step feed_head(std::string_view bytes, std::size_t& used) {
        const std::size_t length = scan.run(bytes);
        if (scan.fault) return fail(400, scan.fault);
        const std::size_t line = scan.line_bytes ? scan.line_bytes : bytes.size();
        if (line > limits.target_bytes + longest_line_rest) return fail(414, "The address is too long.");
        if (length == 0 && bytes.size() <= limits.header_bytes) return Step::more;
        if (length == 0 || length > limits.header_bytes) return fail(431, "The header is too large.");
        Code failed;
        used += put({bytes.data(), length}, failed);
        if (failed == beast::error::bad_version && !names_other_version(bytes.substr(0, scan.line_bytes)))
            return fail(400, "The first line is not METHOD ADDRESS HTTP/1.1.");
        if (failed && failed != beast::error::need_more) return fail(failed);
        if (!is_header_done()) return fail(400, "The request is not valid HTTP.");
        return check_head();
    }

    Step body_too_large() { return fail(413, "The body is larger than this address accepts."); }

    Step feed_body(std::string_view bytes, std::size_t& used) {
        if (head.chunked) return feed_chunks(bytes, used);
        const std::uint64_t length = head.content_length.value_or(0);
        if (length > max_body) return body_too_large();
        const std::size_t take = std::min<std::size_t>(length - taken - body.size(), bytes.size());
        body.append(bytes.substr(0, take));
        used += take;
        return taken + body.size() == length ? Step::done : Step::more;
    }

    Step feed_chunks(std::string_view bytes, std::size_t& used) {
        switch (chunks.feed(bytes, used, body, max_body - taken)) {
            case ChunkReader::Step::more:
                return Step::more;
            case ChunkReader::Step::done:
                return Step::done;
            case ChunkReader::Step::too_large:
                return body_too_large();
            case ChunkReader::Step::malformed:
                break;
        }
        return fail(400, "The chunked body is not valid HTTP.");
    }

    RequestLimits limits;
    HeadScan scan;
    RequestHead head;
    ChunkReader chunks;
    std::string body;
    std::size_t taken = 0;  // bytes of the body that were handed on
    std::size_t max_body = 0;
    bool head_done = false;
    bool unknown_version = false;
    int status = 0;
    std::string reason;
};

RequestParser::RequestParser(RequestLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;

RequestParser::Step RequestParser::feed(std::string_view bytes, std::size_t& used) {
    if (impl_->status != 0) return Step::failed;
    return impl_->head_done ? impl_->feed_body(bytes, used) : impl_->feed_head(bytes, used);
}

void RequestParser::limit_body(std::size_t bytes) {
    impl_->max_body = bytes;
}
const RequestHead& RequestParser::head() const {
    return impl_->head;
}
std::string RequestParser::take_target() {
    return std::move(impl_->head.target);
}
std::vector<std::pair<std::string, std::string>> RequestParser::take_headers() {
    return std::move(impl_->head.headers);
}
std::string RequestParser::take_body() {
    impl_->taken += impl_->body.size();
    return std::exchange(impl_->body, {});
}
int RequestParser::failure_status() const {
    return impl_->status;
}
const std::string& RequestParser::failure() const {
    return impl_->reason;
}

}  // namespace bb::http
