// An upload is read in place: its parts must lie inside the body, be whole, and carry names that can be
// stored.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/core/utf8.hpp"
#include "base/http/multipart.hpp"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The first line stands for the content type.
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto line = all.find('\n');
    if (line == std::string_view::npos) return 0;
    const std::string_view body = all.substr(line + 1);
    const auto parts = bb::http::parse_multipart(all.substr(0, line), body, 20);
    if (!parts) return 0;
    require(parts->size() <= 20);
    for (const auto& part : *parts) {
        require(part.content.data() >= body.data());
        require(part.content.data() + part.content.size() <= body.data() + body.size());
        require(bb::utf8::valid(part.name) && bb::utf8::valid(part.file_name));
        require(part.file_name.find_first_of("/\\") == std::string::npos);
        require(!bb::utf8::has_controls(part.file_name));
    }
    return 0;
}
