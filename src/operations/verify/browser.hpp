#pragma once
#include <string>

#include "operations/verify/report.hpp"

namespace bb::verify {

/// Opens the page with headless chromium, where there is one: it must fit a phone of 320 pixels, and be light
/// or dark as the system wants. `any_certificate`: it was looked at already, by authorities that the browser
/// does not know.
void look_with_browser(Report& report, const std::string& url, bool any_certificate);

}  // namespace bb::verify
