#pragma once
#include <string>

#include "operations/verify/report.hpp"

namespace bb::verify {

/// Opens the page with headless chromium, where there is one: it must fit a phone of 320 pixels, and be light
/// or dark as the system wants.
void look_with_browser(Report& report, const std::string& url);

}  // namespace bb::verify
