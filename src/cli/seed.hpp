#pragma once
#include "cli/cli.hpp"

namespace bb::cli {

/// Adds the demonstration school: an administrator, a student, materials and threads. Harmless when repeated.
int seed(Context& context, bool as_json);

}  // namespace bb::cli
