#pragma once
#include <string_view>

namespace bb::app {

/// The shared schemas of the OpenAPI document (JSON Schema 2020-12), as a JSON object by name.
std::string_view api_schemas();

}  // namespace bb::app
