#include "cli/seed.hpp"

namespace bb::cli {

int seed(Context& context, bool) {
    return context.fail("There is no demonstration school yet.");
}

}  // namespace bb::cli
