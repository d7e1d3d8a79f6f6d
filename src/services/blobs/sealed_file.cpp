#include "services/blobs/sealed_file.hpp"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "services/blobs/numbered_pieces.hpp"

namespace bb::blobs {
namespace {

constexpr std::string_view form = "bbfile1\n";
static_assert(form.size() == numbered::form.size());
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t header_size = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t tag_size = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t head = form.size() + header_size;

using Stream = crypto_secretstream_xchacha20poly1305_state;

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* raw(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// Opens one piece after the other.
class SealedFile : public http::FileSource {
public:
    SealedFile(std::shared_ptr<http::FileSource> file, std::string place)
        : file_(std::move(file)), place_(std::move(place)) {}
    ~SealedFile() override { sodium_memzero(&stream_, sizeof stream_); }

    /// Whether the file, behind the name of its form, begins as one that was sealed with `key`.
    bool begin(const secrets::Key& key) {
        std::string start(header_size, '\0');
        if (http::read_full(*file_, start.data(), start.size()) != header_size) return false;
        if (crypto_secretstream_xchacha20poly1305_init_pull(&stream_, raw(start), raw(key.bytes())) != 0)
            return false;
        return open_next();
    }

    std::size_t read(char* into, std::size_t room) override {
        if (taken_ == opened_.size() && !ended_ && !open_next())
            throw std::runtime_error("a stored file was changed or cut off");
        const auto n = std::min(room, opened_.size() - taken_);
        std::copy_n(opened_.data() + taken_, n, into);
        taken_ += n;
        return n;
    }

private:
    bool open_next() {
        std::string sealed(piece_size + tag_size, '\0');
        sealed.resize(http::read_full(*file_, sealed.data(), sealed.size()));
        if (sealed.size() < tag_size) return false;
        std::string text(sealed.size() - tag_size, '\0');
        unsigned char tag = 0;
        const int opened = crypto_secretstream_xchacha20poly1305_pull(
            &stream_, raw(text), nullptr, &tag, raw(sealed), sealed.size(), raw(place_), place_.size());
        if (opened != 0) return false;
        opened_ = std::move(text);
        taken_ = 0;
        ended_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
        return true;
    }

    std::shared_ptr<http::FileSource> file_;
    std::string place_;
    Stream stream_{};
    std::string opened_;
    std::size_t taken_ = 0;  // of what was opened
    bool ended_ = false;
};

std::string form_of(http::FileSource& file) {
    std::string start(form.size(), '\0');
    start.resize(http::read_full(file, start.data(), start.size()));
    return start;
}

/// Of the content of a sealed file with so many bytes.
std::uint64_t content_size(std::uint64_t sealed) {
    const auto pieces = (sealed - head + piece_size + tag_size - 1) / (piece_size + tag_size);
    return sealed - head - pieces * tag_size;
}

/// Whether the first piece opens: reading nothing opens it.
bool begins_whole(http::FileSource& content) {
    try {
        content.read(nullptr, 0);
        return true;
    } catch (const std::system_error&) {
        throw;
    } catch (const std::runtime_error&) {
        return false;
    }
}

/// Behind the name of its form.
std::optional<http::FileBody> open_numbered(http::FileBody file, const secrets::Key& key,
                                            std::string_view place) {
    const auto bytes = numbered::content_size(file.size);
    if (!bytes) return std::nullopt;
    std::string start(numbered::head_size, '\0');
    numbered::form.copy(start.data(), form.size());
    const auto rest = start.size() - form.size();
    if (http::read_full(*file.source, start.data() + form.size(), rest) != rest) return std::nullopt;
    const auto of_pieces = numbered::open_head(start, key, place);
    if (!of_pieces) return std::nullopt;
    http::FileBody body;
    body.size = *bytes;
    body.source = numbered::content_of(std::move(file.source), *bytes, *of_pieces);
    if (!begins_whole(*body.source)) return std::nullopt;
    return body;
}

}  // namespace

FileSealer::FileSealer(const secrets::Key& key, std::string place, Write write)
    : place_(std::move(place)), write_(std::move(write)), stream_(std::make_unique<Stream>()) {
    std::string start(head, '\0');
    std::copy(form.begin(), form.end(), start.begin());
    crypto_secretstream_xchacha20poly1305_init_push(stream_.get(), raw(start) + form.size(),
                                                    raw(key.bytes()));
    piece_.reserve(piece_size);
    write_(start);
}

FileSealer::~FileSealer() {
    sodium_memzero(stream_.get(), sizeof(Stream));
}

void FileSealer::add(std::string_view bytes) {
    while (!bytes.empty()) {
        // A full piece waits until something follows it: it may be the last, which is marked.
        if (piece_.size() == piece_size) seal(false);
        const auto taken = std::min(bytes.size(), piece_size - piece_.size());
        piece_.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
    }
}

void FileSealer::finish() {
    seal(true);
}

void FileSealer::seal(bool last) {
    sealed_.resize(piece_.size() + tag_size);
    crypto_secretstream_xchacha20poly1305_push(stream_.get(), raw(sealed_), nullptr, raw(piece_),
                                               piece_.size(), raw(place_), place_.size(),
                                               last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    write_(sealed_);
    piece_.clear();
}

bool begins_sealed(http::FileSource& file) {
    const auto start = form_of(file);
    return start == form || start == numbered::form;
}

void seal_file(const secrets::Key& key, std::string_view place, http::FileSource& content,
               const std::function<void(std::string_view)>& write) {
    const auto of_pieces = secrets::Key::random();
    write(numbered::seal_head(key, place, of_pieces));
    numbered::Cipher cipher(of_pieces);
    std::string piece(piece_size, '\0'), following(piece_size, '\0'), sealed;
    piece.resize(http::read_full(content, piece.data(), piece.size()));
    bool last = false;
    for (std::uint64_t number = 0; !last; ++number) {
        following.resize(piece_size);
        following.resize(http::read_full(content, following.data(), following.size()));
        last = following.empty();
        sealed.resize(piece.size() + numbered::tag_size);
        cipher.seal(number, last, piece, sealed.data());
        write(sealed);
        std::swap(piece, following);
    }
}

std::optional<http::FileBody> open_sealed(http::FileBody file, const secrets::Key& key,
                                          std::string_view place) {
    const auto start = form_of(*file.source);
    if (start == numbered::form) return open_numbered(std::move(file), key, place);
    if (start != form || file.size < head + tag_size) return std::nullopt;
    auto source = std::make_shared<SealedFile>(std::move(file.source), std::string(place));
    if (!source->begin(key)) return std::nullopt;
    http::FileBody body;
    body.size = content_size(file.size);
    body.source = std::move(source);
    return body;
}

std::optional<http::FileBody> open_sealed_file(http::SharedDescriptor file, const secrets::Key& key,
                                               std::string_view place) {
    return open_sealed(http::whole_file(std::move(file)), key, place);
}

}  // namespace bb::blobs
