#include "operations/release/about.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "base/core/json_reader.hpp"
#include "base/core/json_writer.hpp"
#include "base/db/schema_range.hpp"

#include <embedded/version.hpp>

namespace bb::release {
namespace {

constexpr std::string_view format_name = "brainbytes-release/1";

#if defined(__x86_64__)
constexpr std::string_view this_target = "linux-x86_64";
#elif defined(__aarch64__)
constexpr std::string_view this_target = "linux-aarch64";
#else
constexpr std::string_view this_target = "linux-other";
#endif

/// It becomes part of paths.
bool is_plain(std::string_view text) {
    const auto fits = [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+';
    };
    return !text.empty() && text.size() <= 64 && text[0] != '.' &&
           std::all_of(text.begin(), text.end(), fits);
}

Error damaged(std::string_view how) {
    return Error(ErrorCode::malformed, fmt::format("its release.json {}", how));
}

}  // namespace

std::string About::name() const {
    return fmt::format("{}-{}", version, commit);
}

About about_this_program() {
    About about;
    about.version = embedded::version;
    about.commit = embedded::commit;
    about.target = this_target;
    about.schema_min = db::schema_min;
    about.schema_max = db::schema_max;
    return about;
}

std::string to_json(const About& about) {
    JsonWriter json;
    json.object()
        .field("format", format_name)
        .field("version", about.version)
        .field("commit", about.commit)
        .field("target", about.target)
        .field("schemaMin", about.schema_min)
        .field("schemaMax", about.schema_max)
        .field("committedAt", about.committed_at)
        .field("prebuilt", about.prebuilt);
    return json.end().take();
}

Result<About> about_from(std::string_view text) {
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object()) return damaged("is not JSON");
    const auto& json = parsed->as_object();
    const auto* format = json.if_contains("format");
    if (!format || *format != boost::json::string_view(format_name.data(), format_name.size()))
        return damaged("is of another kind than this program reads");
    try {
        About about;
        about.version = std::string(json.at("version").as_string());
        about.commit = std::string(json.at("commit").as_string());
        about.target = std::string(json.at("target").as_string());
        for (const auto* text : {&about.version, &about.commit, &about.target})
            if (!is_plain(*text)) return damaged("has a name that is none");
        about.schema_min = json.at("schemaMin").to_number<int>();
        about.schema_max = json.at("schemaMax").to_number<int>();
        const auto at = parse_rfc3339(std::string(json.at("committedAt").as_string()));
        if (!at) return damaged("has no time");
        about.committed_at = *at;
        about.prebuilt = json.at("prebuilt").as_bool();
        return about;
    } catch (const std::exception& fault) {
        return damaged(fmt::format("is incomplete ({})", fault.what()));
    }
}

}  // namespace bb::release
