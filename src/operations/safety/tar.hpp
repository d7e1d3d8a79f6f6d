#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/file_body.hpp"

struct archive;

namespace bb::safety {

/// Files one after the other in one stream (POSIX pax interchange format).
class TarWriter {
public:
    using Write = std::function<void(std::string_view)>;

    explicit TarWriter(Write write);
    ~TarWriter();
    TarWriter(const TarWriter&) = delete;

    /// `size`: what `content` will give. Throws std::runtime_error when it gives another number of bytes.
    void add(const std::string& name, std::uint64_t size, http::FileSource& content);
    void add(const std::string& name, std::string_view text);
    void finish();

private:
    struct Sink;
    void check(long result);

    std::unique_ptr<Sink> sink_;
    struct archive* archive_;
};

/// Reads such a stream.
class TarReader {
public:
    struct Entry {
        std::string name;
        std::uint64_t size;
        bool is_folder = false;
    };
    enum class Holds { files, folders_too };

    explicit TarReader(std::shared_ptr<http::FileSource> source, Holds holds = Holds::files);
    ~TarReader();
    TarReader(const TarReader&) = delete;

    /// The next file; nullopt at the end. Throws std::runtime_error when the stream is damaged.
    std::optional<Entry> next();
    /// Bytes of the file that next() told of; 0 at its end.
    std::size_t read(char* into, std::size_t room);
    /// The rest of that file. Throws std::runtime_error when it is larger than `most`.
    std::string read_all(std::size_t most);

private:
    struct Source;
    std::unique_ptr<Source> source_;
    struct archive* archive_;
    Holds holds_;
};

}  // namespace bb::safety
