#include "base/http/parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>

namespace bb::http {
namespace {

namespace beast = boost::beast::http;
using BeastText = boost::beast::string_view;

Method method_of(beast::verb verb) {
    switch (verb) {
        case beast::verb::get: return Method::get;
        case beast::verb::head: return Method::head;
        case beast::verb::post: return Method::post;
        case beast::verb::put: return Method::put;
        case beast::verb::patch: return Method::patch;
        case beast::verb::delete_: return Method::del;
        case beast::verb::options: return Method::options;
        default: return Method::other;
    }
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

constexpr std::size_t longest_line_rest = 64;  // of a start line beside its target: method, spaces, version

/// What may stand in a Host field (RFC 3986, 3.2.2): a name, an address or an address in brackets, and a port.
bool is_host(std::string_view text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=:[]") ==
           std::string_view::npos;
}

/// Whether a first line ends with a well-formed version that is not 1.0 or 1.1.
bool names_other_version(std::string_view line) {
    constexpr std::string_view form = " HTTP/1.1\r\n";
    if (line.size() < form.size()) return false;
    const std::string_view end = line.substr(line.size() - form.size());
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return end.substr(0, 6) == form.substr(0, 6) && digit(end[6]) && end[7] == '.' && digit(end[8]) &&
           !(end[6] == '1' && (end[8] == '0' || end[8] == '1'));
}

/// Whether a line feed stands without its carriage return.
bool has_bare_line_feed(std::string_view text) {
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        if (at > 0 && text[at - 1] != '\r') return true;
    return false;
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
            if ((c == ' ' || c == '\t') && at > 1 && bytes[at - 1] == '\n') fault = "Folded header lines are obsolete.";
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
        if (++fields == limits.header_count + 1) {
            failed = beast::make_error_code(beast::error::header_limit);
            return;
        }
        if (head_done) return;  // a trailer: nobody here wants any, and it must not pass for a header field
        head.headers.emplace_back(lower({name.data(), name.size()}), std::string(value.data(), value.size()));
    }
    void on_header_impl(Code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(BeastText bytes, Code& failed) override { return append(bytes, failed); }
    void on_chunk_header_impl(std::uint64_t, BeastText extension, Code& failed) override {
        if (extension.size() > limits.header_bytes) failed = beast::make_error_code(beast::error::header_limit);
    }
    std::size_t on_chunk_body_impl(std::uint64_t, BeastText bytes, Code& failed) override {
        return append(bytes, failed);
    }
    void on_finish_impl(Code&) override {}

    std::size_t append(BeastText bytes, Code& failed) {
        if (body.size() + bytes.size() > max_body) {
            failed = beast::make_error_code(beast::error::body_limit);
            return 0;
        }
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    Step fail(int code, std::string why) {
        status = code;
        reason = std::move(why);
        return Step::failed;
    }

    Step fail(const Code& failed) {
        if (failed == beast::error::body_limit) return fail(413, "The body is larger than this address accepts.");
        if (failed == beast::error::header_limit) return fail(431, "The header is too large.");
        if (failed == beast::error::bad_version) return fail(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
        return fail(400, "The request is not valid HTTP: " + failed.message() + ".");
    }

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::count_if(head.headers.begin(), head.headers.end(),
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
        if (hosts > 1 || (hosts == 0 && !head.http_1_0)) return fail(400, "There must be exactly one Host field.");
        if (!is_host(value("host"))) return fail(400, "The Host field is not the name of a host.");
        const std::size_t codings = count("transfer-encoding");
        if (codings > 1) return fail(400, "There must be one Transfer-Encoding at most.");
        if (codings == 1 && lower(value("transfer-encoding")) != "chunked")
            return fail(501, "Only the transfer coding chunked is supported.");
        if (codings == 1 && (head.http_1_0 || count("content-length") > 0))
            return fail(400, "A chunked request must be HTTP/1.1 and have no Content-Length.");
        if (count("content-length") > 1 || value("content-length").find_first_not_of("0123456789") != std::string::npos)
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

    Step feed_body(std::string_view bytes, std::size_t& used) {
        if (head.content_length && *head.content_length > max_body)
            return fail(beast::make_error_code(beast::error::body_limit));
        while (!is_done()) {
            Code failed;
            const std::size_t taken = put({bytes.data(), bytes.size()}, failed);
            used += taken;
            bytes.remove_prefix(taken);
            if (failed && failed != beast::error::need_more) return fail(failed);
            if (is_done()) break;
            if (taken > 0) continue;
            if (head.chunked && bytes.size() > limits.header_bytes) return fail(400, "A chunk's header is too long.");
            if (head.chunked && has_bare_line_feed(bytes)) return fail(400, "A chunk's line ends without CR LF.");
            return Step::more;
        }
        return Step::done;
    }

    RequestLimits limits;
    HeadScan scan;
    RequestHead head;
    std::string body;
    std::size_t max_body = 0;
    std::size_t fields = 0;
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
    return impl_->is_header_done() ? impl_->feed_body(bytes, used) : impl_->feed_head(bytes, used);
}

void RequestParser::limit_body(std::size_t bytes) { impl_->max_body = bytes; }
const RequestHead& RequestParser::head() const { return impl_->head; }
std::string RequestParser::take_target() { return std::move(impl_->head.target); }
std::vector<std::pair<std::string, std::string>> RequestParser::take_headers() { return std::move(impl_->head.headers); }
std::string RequestParser::take_body() { return std::move(impl_->body); }
int RequestParser::failure_status() const { return impl_->status; }
const std::string& RequestParser::failure() const { return impl_->reason; }

}  // namespace bb::http
