#include "operations/deploy/control.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "operations/deploy/supervisor.hpp"
#include "operations/safety/running_tool.hpp"

namespace bb::deploy {
namespace {

// Longer than a server may take to start (BRAINBYTES_START_SECONDS).
constexpr timeval longest_answer{300, 0};
constexpr std::size_t most_answer = 4 << 20;

}  // namespace

Control::Control(const std::filesystem::path& data)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = control_socket(data).string();
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest_answer, sizeof longest_answer);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &longest_answer, sizeof longest_answer);
    if (socket_ >= 0 && ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
        return;
    const int why = errno;
    ::close(socket_);
    throw std::runtime_error(
        fmt::format("No supervisor runs on {} ({}). Start it with \"brainbytes supervise\".", data.string(),
                    std::strerror(why)));
}

Control::~Control() {
    ::close(socket_);
}

boost::json::object Control::ask(std::string_view what, std::string_view field,
                                 std::string_view value) const {
    JsonWriter json;
    json.object().field("do", what);
    if (!field.empty()) json.field(field, value);
    const auto line = json.end().take() + '\n';
    if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("The supervisor has gone.");
    std::string answer;
    for (char byte = 0; byte != '\n' && answer.size() < most_answer; answer += byte)
        if (::recv(socket_, &byte, 1, 0) != 1) {
            ::shutdown(socket_, SHUT_RDWR);  // an answer that comes late is none to the next question
            throw std::runtime_error("The supervisor does not answer.");
        }
    const auto parsed = parse_json(answer);
    if (!parsed || !parsed->is_object()) throw std::runtime_error("The supervisor's answer cannot be read.");
    const auto& object = parsed->get_object();
    if (object.at("ok").as_bool()) return object;
    throw std::runtime_error(std::string(object.at("reason").as_string()));
}

std::string Surroundings::output_of(const std::filesystem::path& program, std::vector<std::string> words,
                                    const std::function<void()>& watch, bool may_fail) const {
    words.insert(words.begin(), program.string());
    return safety::output_of(std::move(words), environment, watch, folder, may_fail);
}

Surroundings surroundings_of(const Control& control) {
    const auto answer = control.ask("surroundings");
    Surroundings around;
    around.folder = std::string(answer.at("folder").as_string());
    for (const auto& variable : answer.at("environment").as_array())
        around.environment.emplace_back(variable.as_string());
    return around;
}

}  // namespace bb::deploy
