#include "features/materials/page/fault.hpp"

namespace bb::materials::page {

PageFault fault_of(fetch::Fault fault) {
    using fetch::Fault;
    switch (fault) {
        case Fault::forbidden:
            return {"page-forbidden", "The address does not lead to a page of the public internet."};
        case Fault::missing:
            return {"page-missing", "The site has no such page. Check the address."};
        case Fault::refused:
            return {"page-refused",
                    "The site does not hand this page out. Save it from your browser, and upload the file."};
        case Fault::redirects:
            return {"page-redirects", "The address leads on and on, and never to a page."};
        case Fault::too_large:
            return {"page-too-large", "The page has more than 20 MiB, which is more than is fetched."};
        case Fault::too_slow:
            return {"page-too-slow", "The site took longer than 20 seconds. Try again later."};
        case Fault::unreachable:
        case Fault::aborted:
            break;
    }
    return {"page-unreachable", "The site cannot be reached. Check the address, and try again."};
}

}  // namespace bb::materials::page
