#include "features/tutor/home_name.hpp"

#include <unistd.h>

#include <fstream>

#include "base/core/kept_token.hpp"

namespace bb::tutor {
namespace {

/// What names this machine; all copies of a container image may share it.
std::string machine_id() {
    std::ifstream file("/etc/machine-id");
    std::string id;
    std::getline(file, id);
    return id;
}

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

std::string process_namespace() {
    char name[64] = {};
    const ssize_t length = readlink("/proc/self/ns/pid", name, sizeof name);
    return {name, length > 0 ? static_cast<std::size_t>(length) : 0};
}

}  // namespace

std::string home_name(const std::string& data_folder) {
    return host_name() + ":" + machine_id() + ":" + process_namespace() + ":" +
           kept_token(data_folder, "home");
}

}  // namespace bb::tutor
