#pragma once
#include <span>

#include "services/secrets/rotation.hpp"

namespace bb::app {

/// Every column of sealed values, of all features: what a new key has to reach.
std::span<const secrets::SealedColumn> sealed_columns();

}  // namespace bb::app
