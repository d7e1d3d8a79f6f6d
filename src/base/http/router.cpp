#include "base/http/router.hpp"

#include <array>
#include <map>
#include <stdexcept>

#include "base/core/json_writer.hpp"

namespace bb::http {

struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::array<const Route*, 8> routes{};       // by method
    std::array<const Route*, 8> rest_routes{};  // "{name...}" below this node
    bool ends() const {
        for (const Route* route : routes)
            if (route) return true;
        return false;
    }
};

namespace {

/// Takes the next "/segment" from the front of a path.
std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(segment.size());
    return segment;
}

bool is_parameter(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{';
}
bool is_rest(std::string_view segment) {
    return is_parameter(segment) && segment.ends_with("...}");
}

/// Names of the parameters in a pattern, in order.
std::vector<std::string_view> parameter_names(std::string_view pattern) {
    std::vector<std::string_view> names;
    while (!pattern.empty()) {
        std::string_view segment = next_segment(pattern);
        if (!is_parameter(segment)) continue;
        segment = segment.substr(1, segment.size() - 2);
        names.push_back(segment.substr(0, segment.find('.')));
    }
    return names;
}

}  // namespace

std::string_view key_scope(const Route& route) {
    if (route.options.person_only) return "";
    if (route.options.access == Access::administrator) return "admin";
    const bool reads = route.method == Method::get;
    if (route.options.access == Access::open) return reads ? "any" : "";
    return reads ? "read" : "write";
}

void Router::add(Method method, std::string pattern, Handler handler, RouteOptions options) {
    if (!root_) root_ = std::make_shared<Node>();
    routes_.push_back(
        std::make_unique<Route>(Route{method, std::move(pattern), std::move(options), std::move(handler)}));
    const Route* route = routes_.back().get();
    Node* node = root_.get();
    std::string_view rest = route->pattern;
    bool to_rest = false;
    while (rest.size() > 1) {
        const std::string_view segment = next_segment(rest);
        if ((to_rest = is_rest(segment))) break;
        auto& next = is_parameter(segment) ? node->parameter : node->literals[std::string(segment)];
        if (!next) next = std::make_unique<Node>();
        node = next.get();
    }
    auto& slot = (to_rest ? node->rest_routes : node->routes)[static_cast<std::size_t>(method)];
    if (slot) throw std::logic_error("route added twice: " + route->pattern);
    slot = route;
}

namespace {

struct Found {
    const std::array<const Route*, 8>* routes = nullptr;
    std::vector<std::string_view> values;
};

}  // namespace

/// Literal segments first, then the parameter, then "{rest...}", going back where a branch leads nowhere.
struct Router::Search {
    Found found;

    bool look(const Node& node, std::string_view rest) {
        if (rest.empty()) {
            if (node.ends()) found.routes = &node.routes;
        } else {
            look_below(node, rest);
        }
        if (!found.routes && node.rest_routes != std::array<const Route*, 8>{}) {
            found.values.push_back(rest.empty() ? rest : rest.substr(1));
            found.routes = &node.rest_routes;
        }
        return found.routes != nullptr;
    }

    void look_below(const Node& node, std::string_view rest) {
        const std::string_view segment = next_segment(rest);
        const auto literal = node.literals.find(segment);
        if (literal != node.literals.end() && look(*literal->second, rest)) return;
        if (!node.parameter || segment.empty()) return;
        found.values.push_back(segment);
        if (!look(*node.parameter, rest)) found.values.pop_back();
    }
};

Router::Match Router::match(Request& request) const {
    Match match;
    if (!root_) return match;
    Search search;
    search.look(*root_, request.path == "/" ? std::string_view() : std::string_view(request.path));
    const Found& found = search.found;
    if (!found.routes) return match;
    const Method wanted = request.method == Method::head ? Method::get : request.method;
    match.route = (*found.routes)[static_cast<std::size_t>(wanted)];
    if (!match.route) {
        for (const Route* route : *found.routes)
            if (route) match.allowed.push_back(route->method);
        return match;
    }
    const auto names = parameter_names(match.route->pattern);
    for (std::size_t i = 0; i < names.size() && i < found.values.size(); ++i)
        request.path_params.emplace_back(names[i], std::string(found.values[i]));
    return match;
}

}  // namespace bb::http
