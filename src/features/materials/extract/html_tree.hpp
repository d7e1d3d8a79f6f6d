#pragma once
#include <gumbo.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "features/materials/extract/fault.hpp"

namespace bb::materials::extract {

/// The parsed tree of a page. The parser takes all its memory from here, so that a small page that grows
/// a large tree ends at `most` bytes, and one that takes long to parse after `seconds` of the processor.
class HtmlTree {
public:
    /// Faults: too_large.
    Read<const GumboNode*> parse(std::string_view page, std::size_t most, int seconds);

private:
    struct Pool;
    struct Free {
        void operator()(Pool* pool) const;
    };
    static void* allocate(void* pool, std::size_t size);
    static const GumboOutput* run(Pool& pool, std::string_view page);

    std::unique_ptr<Pool, Free> pool_;
};

}  // namespace bb::materials::extract
