#pragma once
#include <string>

#include "base/core/task.hpp"
#include "base/net/pool.hpp"
#include "features/materials/index/document.hpp"

namespace bb::materials::index {

/// prepare(), on the pool when the text is long enough to hold up the event loop.
Task<Document> prepared(net::BlockingPool& pool, std::string title, std::string content, text::Format format);

}  // namespace bb::materials::index
