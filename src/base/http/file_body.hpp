#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace bb::http {

/// Bytes that are read as they are sent, from front to end and once.
class FileSource {
public:
    virtual ~FileSource() = default;

    /// Reads at most `room` bytes into `into`; 0 at the end. Blocks as long as a disk does. Throws
    /// std::runtime_error when they cannot be read, or are not what was stored.
    virtual std::size_t read(char* into, std::size_t room) = 0;
};

/// A file as the body of an answer.
struct FileBody {
    std::shared_ptr<FileSource> source;
    std::uint64_t size = 0;
};

/// An open file, closed with its last holder.
using SharedDescriptor = std::shared_ptr<int>;
SharedDescriptor share_descriptor(int descriptor);

/// An open file from its beginning to its end as it is now. Throws std::system_error.
FileBody whole_file(SharedDescriptor descriptor);

/// The bytes of `text`, which must outlive it.
std::unique_ptr<FileSource> source_of(std::string_view text);

/// Reads `room` bytes, less only at the end.
std::size_t read_full(FileSource& source, char* into, std::size_t room);

/// Reads `room` bytes at `offset`, less only at the end of the file. Throws std::system_error.
std::size_t read_at(int descriptor, std::uint64_t offset, char* into, std::size_t room);

}  // namespace bb::http
