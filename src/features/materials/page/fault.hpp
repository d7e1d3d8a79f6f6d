#pragma once
#include <string_view>

#include "services/fetch/fetcher.hpp"

namespace bb::materials::page {

/// Why a file has no page. Names are kept with the file, and sent: do not change them. `words` is a sentence
/// in English for who asked for it.
struct PageFault {
    std::string_view name;
    std::string_view words;
};

PageFault fault_of(fetch::Fault fault);

inline constexpr PageFault unreadable_type{
    "page-type", "What stands at this address cannot be read: it is neither a page nor a document."};
inline constexpr PageFault empty_page{"page-empty", "The site sent an empty page."};
inline constexpr PageFault no_room{"page-storage",
                                   "You keep as much as you may already: delete files you no longer need."};

}  // namespace bb::materials::page
