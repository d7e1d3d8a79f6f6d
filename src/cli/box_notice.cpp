#include "cli/box_notice.hpp"

#include <fmt/format.h>

#include <map>

#include "operations/stages/host.hpp"

namespace bb::cli {
namespace {

constexpr std::chrono::minutes longest_telling{2};

}  // namespace

std::string told_of_box(const stages::Stage& stage, const std::string& box, const std::string& release,
                        const std::string& by, const std::string& note) {
    static const std::map<std::string, const char*> titles = {{"stakeholders", "{} is about to come to {}"},
                                                              {"team", "{} has come to {}"}};
    const auto title = titles.find(box);
    if (title == titles.end()) return note;
    if (stage.hosts.empty()) return note + "; nobody was told: the stage has no hosts";
    try {
        std::string why;
        auto told =
            stages::Host(stage, stage.hosts.front())
                .brainbytes({"alarm", "tell", fmt::format(fmt::runtime(title->second), release, stage.name),
                             fmt::format("{}\n{}", note, by)},
                            {.limit = longest_telling,
                             .say = [&](std::string_view line) { why = line; },
                             .may_fail = true});
        while (!told.empty() && told.back() == '\n') told.pop_back();
        return note + "; " + (told.empty() ? "nobody was told: " + why : told);
    } catch (const std::exception& fault) {
        return fmt::format("{}; nobody was told: {}", note, fault.what());
    }
}

}  // namespace bb::cli
