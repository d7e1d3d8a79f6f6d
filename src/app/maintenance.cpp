#include "app/maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "app/pages.hpp"
#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/core/new_file.hpp"
#include "base/core/uuid.hpp"

namespace bb::app {
namespace {

namespace fs = std::filesystem;

/// Probes, and what tells people how it stands and lets those on duty answer.
constexpr std::array<std::string_view, 7> probes = {"/livez",  "/readyz",     "/api/health", "/api/metrics",
                                                    "/status", "/api/status", "/incident"};
constexpr std::chrono::seconds usual_wait{60};
constexpr std::chrono::seconds longest_wait{3600};

fs::path file_in(const fs::path& data) {
    return data / "maintenance.json";
}

std::string escaped(std::string_view text) {
    std::string html;
    for (const char c : text) {
        if (c == '<')
            html += "&lt;";
        else if (c == '&')
            html += "&amp;";
        else if (c == '"')
            html += "&quot;";
        else
            html += c;
    }
    return html;
}

std::chrono::seconds wait_of(const Maintenance& maintenance) {
    if (!maintenance.until) return usual_wait;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*maintenance.until - now());
    return std::clamp(left, usual_wait, longest_wait);
}

/// "2026-01-31 14:05 UTC".
std::string in_words(Time time) {
    const auto text = to_rfc3339(time);
    return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

std::string page(const Maintenance& maintenance) {
    const auto paragraph = [](std::string_view words, bool there = true) {
        return there ? fmt::format("<p>{}</p>\n", words) : std::string();
    };
    const auto until = maintenance.until ? in_words(*maintenance.until) : std::string();
    const auto english = paragraph(escaped(maintenance.reason), !maintenance.reason.empty()) +
                         paragraph("It should be over by " + until + ".", !until.empty()) +
                         paragraph("Nothing of yours is lost. This page tries again by itself.");
    const auto filipino =
        paragraph("Inaayos muna ang BrainBytes.") +
        paragraph("Inaasahang matapos: " + until + ".", !until.empty()) +
        paragraph("Walang mawawala sa iyong mga gawa. Kusang susubok muli ang pahinang ito.");
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"refresh\" content=\"30\">\n<title>BrainBytes is being looked after</title>\n"
        "{}</head>\n<body>\n<main class=\"standalone card\">\n<h1>BrainBytes is being looked after</h1>\n{}"
        "<hr>\n<div lang=\"fil\">\n{}</div>\n</main>\n</body>\n</html>\n",
        stylesheet_link(), english, filipino);
}

}  // namespace

std::optional<Maintenance> maintenance_of(const fs::path& data) {
    std::ifstream in(file_in(data));
    if (!in) return std::nullopt;
    std::stringstream text;
    text << in.rdbuf();
    const auto parsed = parse_json(text.str());
    if (!parsed || !parsed->is_object())
        throw std::runtime_error(file_in(data).string() + " cannot be read: write it anew, or remove it");
    const auto text_of = [&](const char* name) {
        const auto* value = parsed->get_object().if_contains(name);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    };
    return Maintenance{text_of("reason"), parse_rfc3339(text_of("until"))};
}

void begin_maintenance(const fs::path& data, const Maintenance& maintenance) {
    JsonWriter json;
    json.object().field("reason", maintenance.reason);
    if (maintenance.until) json.field("until", *maintenance.until);
    const auto unfinished = data / (".maintenance-" + Uuid::make().text());
    write_new_file(unfinished, json.end().take() + '\n', 0644);
    fs::rename(unfinished, file_in(data));
}

bool end_maintenance(const fs::path& data) {
    return fs::remove(file_in(data));
}

std::optional<http::Response> answer_in_maintenance(const Maintenance& maintenance,
                                                    const http::Request& request) {
    const bool probe = std::find(probes.begin(), probes.end(), request.path) != probes.end();
    if (probe || request.loopback || request.path.starts_with("/assets/")) return std::nullopt;
    const auto wait = fmt::to_string(wait_of(maintenance).count());
    if (!request.path.starts_with("/api/") &&
        request.header("accept").find("text/html") != std::string_view::npos) {
        http::Response response(503, "text/html; charset=utf-8", page(maintenance));
        response.header("Cache-Control", "no-store").header("Retry-After", wait);
        return response;
    }
    auto why = std::string("BrainBytes is being looked after; nothing of yours is lost.");
    if (!maintenance.reason.empty()) why += " " + maintenance.reason;
    if (maintenance.until) why += " It should be over by " + in_words(*maintenance.until) + ".";
    auto response = http::problem_of(503, why, request.id);
    response.header("Retry-After", wait);
    return response;
}

}  // namespace bb::app
