#include "operations/deploy/smoke_test.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "base/core/json_reader.hpp"
#include "operations/verify/visit.hpp"

namespace bb::deploy {
namespace {

std::string cookie_of_student(const SmokeTest& test) {
    const auto command = [&](std::vector<std::string> words) {
        return test.around.output_of(test.program, std::move(words), test.watch);
    };
    try {
        command({"user", "create", verify::student_email});
    } catch (const std::runtime_error&) {
        // Of an earlier test.
    }
    const auto session = parse_json(command({"user", "session", verify::student_email, "--json"}));
    return std::string(session.value().at("cookie").as_string());
}

}  // namespace

std::string SmokeTest::run() const {
    const auto started = std::chrono::steady_clock::now();
    const auto url = "http://" + address;
    verify::Visit({.url = url, .watch = watch}).expect(200, "GET", "/readyz");
    verify::Visit visit({.url = url, .cookie = cookie_of_student(*this), .watch = watch});
    visit.person();
    visit.expect(200, "GET", "/");
    visit.bring_material();
    visit.ask_tutor();
    visit.leave();
    visit.sign_out();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    return fmt::format("readiness, page, sign-in, material and a question in {:.1f} s", took.count());
}

}  // namespace bb::deploy
