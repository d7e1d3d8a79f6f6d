#pragma once
#include <string>
#include <string_view>

#include "base/core/task.hpp"
#include "base/http/response.hpp"
#include "base/net/pool.hpp"
#include "services/personal/zip_writer.hpp"

namespace bb::personal {

/// An archive that is being made by a coroutine: each piece is packed on the pool, and no piece takes long.
class Archive {
public:
    /// Both must outlive it.
    Archive(net::BlockingPool& pool, ZipWriter& zip) : pool_(pool), zip_(zip) {}
    Archive(const Archive&) = delete;

    /// A whole file.
    Task<void> add(std::string name, std::string content);
    /// A file that comes in pieces: they follow with append().
    Task<void> begin(std::string name);
    Task<void> append(std::string content);
    /// A stored file.
    Task<void> add_file(std::string name, http::FileBody file);

private:
    net::BlockingPool& pool_;
    ZipWriter& zip_;
};

/// `name` as a name inside an archive: letters, digits, dots and dashes of ASCII, at most 100.
std::string plain_name(std::string_view name);

/// A heading and what follows as Markdown, for people.
std::string markdown_title(std::string_view title);

}  // namespace bb::personal
