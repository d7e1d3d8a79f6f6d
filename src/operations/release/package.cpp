#include "operations/release/package.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "base/core/new_file.hpp"
#include "base/http/file_body.hpp"
#include "operations/safety/compression.hpp"
#include "operations/safety/tar.hpp"

namespace bb::release {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view about_name = "release.json";
constexpr std::array<std::string_view, 4> paper_names = {"sbom.json", "provenance.json", "NOTES.md",
                                                         "LICENSE"};
constexpr std::size_t most_of_about = 64 * 1024;
constexpr std::uint64_t most_of_paper = 64 << 20;
constexpr std::uint64_t most_of_program = 1 << 30;

[[noreturn]] void fail(const fs::path& file) {
    throw std::system_error(errno, std::generic_category(), file.string());
}

http::FileBody open(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail(file);
    return http::whole_file(http::share_descriptor(fd));
}

safety::TarReader reader_of(const fs::path& archive) {
    return safety::TarReader(safety::decompressed(open(archive).source));
}

Error damaged(const fs::path& archive, std::string_view how) {
    return Error(ErrorCode::malformed,
                 fmt::format("{} is no release: {}.", archive.filename().string(), how));
}

Result<About> read_first(safety::TarReader& tar, const fs::path& archive) {
    const auto first = tar.next();
    if (!first || first->name != about_name) return damaged(archive, "it does not begin with release.json");
    auto about = about_from(tar.read_all(most_of_about));
    if (!about) return damaged(archive, about.error().detail);
    return about;
}

bool is_known(std::string_view name) {
    return name == program_name ||
           std::find(paper_names.begin(), paper_names.end(), name) != paper_names.end();
}

void write_out(safety::TarReader& tar, const fs::path& file, bool runs) {
    NewFile out(file, runs ? 0755 : 0644);
    std::string chunk(256 * 1024, '\0');
    while (const auto got = tar.read(chunk.data(), chunk.size()))
        out.write(std::string_view(chunk).substr(0, got));
    out.finish();
}

}  // namespace

void pack(const About& about, const fs::path& program, const fs::path& papers, const fs::path& archive) {
    NewFile out(archive, 0644);
    // With workers the result depends on their number's being above zero alone.
    safety::Compressor compressor(1, [&](std::string_view bytes) { out.write(bytes); });
    safety::TarWriter tar([&](std::string_view bytes) { compressor.add(bytes); });
    tar.add(std::string(about_name), to_json(about) + '\n');
    const auto body = open(program);
    tar.add(std::string(program_name), body.size, *body.source);
    for (const auto name : paper_names) {
        const auto paper = open(papers / name);
        tar.add(std::string(name), paper.size, *paper.source);
    }
    tar.finish();
    compressor.finish();
    out.finish();
}

Result<About> read_about(const fs::path& archive) {
    try {
        auto tar = reader_of(archive);
        return read_first(tar, archive);
    } catch (const std::runtime_error& fault) {
        return damaged(archive, fault.what());
    }
}

Result<About> unpack(const fs::path& archive, const fs::path& into) {
    try {
        auto tar = reader_of(archive);
        auto about = read_first(tar, archive);
        if (!about) return about;
        fs::create_directory(into);
        write_new_file(into / about_name, to_json(*about) + '\n', 0644);
        std::size_t files = 0;
        while (const auto entry = tar.next()) {
            const bool runs = entry->name == program_name;
            if (!is_known(entry->name) || fs::exists(into / entry->name))
                return damaged(archive, fmt::format("it holds \"{}\"", entry->name));
            if (entry->size > (runs ? most_of_program : most_of_paper))
                return damaged(archive, fmt::format("its {} is too large", entry->name));
            write_out(tar, into / entry->name, runs);
            ++files;
        }
        if (files != paper_names.size() + 1) return damaged(archive, "something of it is missing");
        return about;
    } catch (const std::system_error&) {
        throw;  // of the disk, not of the archive
    } catch (const std::runtime_error& fault) {
        return damaged(archive, fault.what());
    }
}

}  // namespace bb::release
