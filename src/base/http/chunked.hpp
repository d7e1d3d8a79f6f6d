#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bb::http {

/// Takes a chunked body apart (RFC 9112, 7.1) as its bytes come. Chunk extensions and trailer fields are
/// checked and dropped. (Beast's parser has assertions here that a body sent byte by byte breaks.)
class ChunkReader {
public:
    enum class Step { more, done, malformed, too_large };

    /// Appends content to `body`, never beyond `max_body` bytes, and adds to `used` what it took; the rest
    /// must come again with more behind it.
    Step feed(std::string_view bytes, std::size_t& used, std::string& body, std::size_t max_body);

private:
    enum class State { size, data, data_end, trailer };
    enum class Line { whole, partial, broken };

    /// The next line without its end, taken from the front of `bytes`.
    static Line take_line(std::string_view& bytes, std::string_view& line);
    bool read_size(std::string_view line);
    bool read_trailer(std::string_view line);

    State state_ = State::size;
    std::uint64_t left_ = 0;    // of the current chunk's data
    std::size_t overhead_ = 0;  // bytes of extensions and trailers so far
};

}  // namespace bb::http
