#include "operations/verify/observatory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string_view>
#include <utility>

namespace bb::verify {
namespace {

/// A result of a test, and what it costs or earns.
struct Verdict {
    const char* result;
    int modifier;
};

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return copy;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

/// A content security policy.
class Policy {
public:
    explicit Policy(std::string_view text) {
        std::istringstream parts{std::string(text)};
        for (std::string part; std::getline(parts, part, ';');) {
            std::istringstream words(part);
            std::string name;
            if (!(words >> name)) continue;
            std::vector<std::string> sources;
            for (std::string source; words >> source;) sources.push_back(std::move(source));
            found_.try_emplace(lower(name), std::move(sources));  // the first of a name counts
        }
    }

    bool has(const std::string& name) const { return found_.contains(name); }
    /// Of a directive, or of default-src; "*" where neither is there.
    const std::vector<std::string>& of(const std::string& name) const {
        static const std::vector<std::string> everything = {"*"};
        const auto own = found_.find(name);
        if (own != found_.end()) return own->second;
        const auto fallback = found_.find("default-src");
        return fallback == found_.end() ? everything : fallback->second;
    }
    bool allows(const std::string& name, std::string_view source) const {
        return std::find(of(name).begin(), of(name).end(), source) != of(name).end();
    }
    bool is_broad(const std::string& name) const { return any(name, broad); }
    bool is_insecure(const std::string& name) const {
        return any(name, [](const std::string& source) {
            return source.starts_with("http:") || source.starts_with("ftp:");
        });
    }
    bool has_hash_or_nonce(const std::string& name) const {
        return any(name, [](const std::string& source) {
            return source.starts_with("'nonce-") || source.starts_with("'sha");
        });
    }
    bool is_only(const std::string& name, std::initializer_list<std::string_view> sources) const {
        return has(name) && of(name).size() == 1 && is_one_of(of(name).front(), sources);
    }

private:
    static bool broad(const std::string& source) {
        return is_one_of(source, {"*", "http:", "https:", "http://*", "https://*", "ftp:", "data:", "blob:"});
    }
    template <class Test>
    bool any(const std::string& name, Test test) const {
        return std::any_of(of(name).begin(), of(name).end(), test);
    }

    std::map<std::string, std::vector<std::string>> found_;
};

Verdict judge_csp(const client::Reply& reply) {
    const auto text = reply.header("content-security-policy");
    if (text.empty()) return {"csp-not-implemented", -25};
    const Policy policy(text);
    const bool unguarded =
        policy.allows("script-src", "'unsafe-inline'") && !policy.has_hash_or_nonce("script-src");
    if (unguarded || policy.is_broad("script-src") || policy.is_broad("object-src"))
        return {"csp-implemented-with-unsafe-inline", -20};
    for (const auto* active : {"script-src", "object-src", "style-src", "connect-src", "frame-src"})
        if (policy.is_insecure(active)) return {"csp-implemented-with-insecure-scheme", -20};
    if (policy.allows("script-src", "'unsafe-eval'")) return {"csp-implemented-with-unsafe-eval", -10};
    if (policy.is_insecure("img-src") || policy.is_insecure("media-src"))
        return {"csp-implemented-with-insecure-scheme-in-passive-content-only", -10};
    if (policy.allows("style-src", "'unsafe-inline'") || policy.is_broad("style-src"))
        return {"csp-implemented-with-unsafe-inline-in-style-src-only", 0};
    if (policy.is_only("default-src", {"'none'"}) && policy.is_only("form-action", {"'none'", "'self'"}))
        return {"csp-implemented-with-no-unsafe-default-src-none", 10};
    return {"csp-implemented-with-no-unsafe", 5};
}

Verdict judge_cookies(const client::Reply& reply) {
    static const std::regex secure(";\\s*secure\\b"), hidden(";\\s*httponly\\b"),
        same_site(";\\s*samesite=(lax|strict)\\b");
    bool any = false, all_secure = true, all_hidden = true, all_same = true;
    for (const auto& [name, value] : reply.headers) {
        if (name != "set-cookie") continue;
        const auto line = lower(value);
        any = true;
        all_secure = all_secure && std::regex_search(line, secure);
        all_hidden = all_hidden && std::regex_search(line, hidden);
        all_same = all_same && std::regex_search(line, same_site);
    }
    if (!any) return {"cookies-not-found", 0};
    if (!all_secure) return {"cookies-session-without-secure-flag", -40};
    if (!all_hidden) return {"cookies-session-without-httponly-flag", -30};
    if (!all_same) return {"cookies-secure-with-httponly-sessions", 0};
    return {"cookies-secure-with-httponly-sessions-and-samesite", 5};
}

Verdict judge_sharing(const client::Reply& reply) {
    if (reply.header("access-control-allow-origin").empty())
        return {"cross-origin-resource-sharing-not-implemented", 0};
    if (reply.header("access-control-allow-credentials") == "true")
        return {"cross-origin-resource-sharing-implemented-with-universal-access", -50};
    return {"cross-origin-resource-sharing-implemented-with-public-access", 0};
}

Verdict judge_hsts(const client::Reply& reply) {
    constexpr long six_months = 15768000;
    static const std::regex form("max-age=\"?([0-9]{1,12})");
    const std::string text(reply.header("strict-transport-security"));
    if (text.empty()) return {"hsts-not-implemented", -20};
    std::smatch found;
    if (!std::regex_search(text, found, form)) return {"hsts-header-invalid", -20};
    return std::stol(found[1]) < six_months ? Verdict{"hsts-implemented-max-age-less-than-six-months", -10}
                                            : Verdict{"hsts-implemented-max-age-at-least-six-months", 0};
}

Verdict judge_referrer(const client::Reply& reply) {
    const auto policy = reply.header("referrer-policy");
    if (policy.empty()) return {"referrer-policy-not-implemented", 0};
    if (is_one_of(policy, {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}))
        return {"referrer-policy-private", 5};
    return {"referrer-policy-unsafe", -5};
}

/// Whether scripts of elsewhere have a hash is not read: there are none here.
Verdict judge_scripts(const client::Reply& reply) {
    static const std::regex script("<script[^>]*\\ssrc=\"([^\"]*)\"");
    if (reply.header("content-type").find("text/html") == std::string_view::npos)
        return {"sri-not-implemented-response-not-html", 0};
    bool elsewhere = false;
    for (std::sregex_iterator one(reply.body.begin(), reply.body.end(), script), end; one != end; ++one) {
        const auto source = (*one)[1].str();
        if (source.starts_with("//") || source.starts_with("http:"))
            return {"sri-not-implemented-and-external-scripts-not-loaded-securely", -50};
        elsewhere = elsewhere || source.starts_with("https:");
    }
    if (elsewhere) return {"sri-not-implemented-but-external-scripts-loaded-securely", -5};
    return {"sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0};
}

Verdict judge_sniffing(const client::Reply& reply) {
    const auto value = reply.header("x-content-type-options");
    if (value == "nosniff") return {"x-content-type-options-nosniff", 0};
    return {
        value.empty() ? "x-content-type-options-not-implemented" : "x-content-type-options-header-invalid",
        -5};
}

Verdict judge_framing(const client::Reply& reply) {
    const Policy policy(reply.header("content-security-policy"));
    if (policy.has("frame-ancestors") && !policy.is_broad("frame-ancestors"))
        return {"x-frame-options-implemented-via-csp", 5};
    const auto value = lower(reply.header("x-frame-options"));
    if (is_one_of(value, {"deny", "sameorigin"})) return {"x-frame-options-sameorigin-or-deny", 0};
    return {value.empty() ? "x-frame-options-not-implemented" : "x-frame-options-header-invalid", -20};
}

Verdict judge_resource_policy(const client::Reply& reply) {
    const auto policy = reply.header("cross-origin-resource-policy");
    if (policy.empty()) return {"cross-origin-resource-policy-not-implemented", 0};
    if (policy == "same-origin") return {"cross-origin-resource-policy-implemented-with-same-origin", 10};
    if (policy == "same-site") return {"cross-origin-resource-policy-implemented-with-same-site", 10};
    if (policy == "cross-origin") return {"cross-origin-resource-policy-implemented-with-cross-origin", 0};
    return {"cross-origin-resource-policy-header-invalid", -5};
}

}  // namespace

const char* HeaderScore::grade() const {
    constexpr std::array<std::pair<int, const char*>, 12> grades = {{{100, "A+"},
                                                                     {90, "A"},
                                                                     {85, "A-"},
                                                                     {80, "B+"},
                                                                     {70, "B"},
                                                                     {65, "B-"},
                                                                     {60, "C+"},
                                                                     {50, "C"},
                                                                     {45, "C-"},
                                                                     {40, "D+"},
                                                                     {30, "D"},
                                                                     {25, "D-"}}};
    for (const auto& [least, letters] : grades)
        if (points >= least) return letters;
    return "F";
}

HeaderScore score_of(const client::Reply& reply, bool https) {
    std::vector<Verdict> verdicts = {
        judge_csp(reply),      judge_sharing(reply), judge_referrer(reply),       judge_scripts(reply),
        judge_sniffing(reply), judge_framing(reply), judge_resource_policy(reply)};
    if (https) {
        verdicts.push_back(judge_cookies(reply));
        verdicts.push_back(judge_hsts(reply));
    }
    HeaderScore score{100, {}};
    int earned = 0;
    for (const auto& [result, modifier] : verdicts) {
        if (modifier > 0) earned += modifier;
        if (modifier >= 0) continue;
        score.points += modifier;
        score.costs.push_back(fmt::format("{} {}", result, modifier));
    }
    if (score.points >= good_score) score.points += earned;
    score.points = std::max(0, score.points);
    return score;
}

}  // namespace bb::verify
