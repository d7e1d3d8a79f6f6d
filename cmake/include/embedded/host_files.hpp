#pragma once
#include <string_view>

namespace bb::embedded {

/// What a host needs besides the program: packages/run.txt, the files of deploy/systemd, deploy/host/prepare.
extern const std::string_view run_packages;
extern const std::string_view service_unit;
extern const std::string_view socket_unit;
extern const std::string_view prepare_host;

}  // namespace bb::embedded
