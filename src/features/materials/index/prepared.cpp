#include "features/materials/index/prepared.hpp"

namespace bb::materials::index {
namespace {

constexpr std::size_t quick = 32 * 1024;  // bytes; about a millisecond

}  // namespace

Task<Document> prepared(net::BlockingPool& pool, std::string title, std::string content,
                        text::Format format) {
    if (content.size() <= quick) co_return prepare(title, content, format);
    auto work = [title = std::move(title), content = std::move(content), format] {
        return prepare(title, content, format);
    };
    co_return co_await pool.run(std::move(work));
}

}  // namespace bb::materials::index
