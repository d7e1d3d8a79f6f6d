#include "base/http/file_body.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace bb::http {
namespace {

class WholeFile : public FileSource {
public:
    explicit WholeFile(SharedDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

    std::size_t read(char* into, std::size_t room) override {
        const auto n = read_at(*descriptor_, at_, into, room);
        at_ += n;
        return n;
    }

private:
    SharedDescriptor descriptor_;
    std::uint64_t at_ = 0;
};

class Text : public FileSource {
public:
    explicit Text(std::string_view rest) : rest_(rest) {}

    std::size_t read(char* into, std::size_t room) override {
        const auto n = rest_.copy(into, room);
        rest_.remove_prefix(n);
        return n;
    }

private:
    std::string_view rest_;
};

}  // namespace

SharedDescriptor share_descriptor(int descriptor) {
    return SharedDescriptor(new int(descriptor), [](int* open) {
        ::close(*open);
        delete open;
    });
}

FileBody whole_file(SharedDescriptor descriptor) {
    struct stat info {};
    if (::fstat(*descriptor, &info) != 0)
        throw std::system_error(errno, std::generic_category(), "look at a file");
    FileBody body;
    body.size = static_cast<std::uint64_t>(info.st_size);
    body.source = std::make_shared<WholeFile>(std::move(descriptor));
    return body;
}

std::unique_ptr<FileSource> source_of(std::string_view text) {
    return std::make_unique<Text>(text);
}

std::size_t read_full(FileSource& source, char* into, std::size_t room) {
    std::size_t done = 0;
    while (done < room) {
        const auto n = source.read(into + done, room - done);
        if (n == 0) break;
        done += n;
    }
    return done;
}

std::size_t read_at(int descriptor, std::uint64_t offset, char* into, std::size_t room) {
    std::size_t done = 0;
    while (done < room) {
        const auto n = ::pread(descriptor, into + done, room - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) throw std::system_error(errno, std::generic_category(), "read a file");
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

}  // namespace bb::http
