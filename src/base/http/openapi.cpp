#include <map>

#include "base/core/json_writer.hpp"
#include "base/http/router.hpp"

namespace bb::http {
namespace {

std::string lower_name(Method method) {
    std::string name(name_of(method));
    for (char& c : name) c = static_cast<char>(c | 32);
    return name;
}

/// "#Name" becomes a reference; anything else is a schema already.
std::string schema_of(const std::string& schema) {
    if (schema.empty() || schema.front() != '#') return schema;
    return R"({"$ref":"#/components/schemas/)" + schema.substr(1) + "\"}";
}

void write_parameters(JsonWriter& json, const Route& route) {
    const std::string_view pattern = route.pattern;
    json.key("parameters").array();
    if (route.options.repeatable) {
        json.object().field("name", "Idempotency-Key").field("in", "header").field("required", false);
        json.key("schema").raw(R"({"type":"string","minLength":1,"maxLength":200})").end();
    }
    for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
        const std::string_view name = pattern.substr(open + 1, pattern.find('}', open) - open - 1);
        json.object()
            .field("name", name.substr(0, name.find('.')))
            .field("in", "path")
            .field("required", true);
        json.key("schema").raw(R"({"type":"string"})").end();
    }
    json.end();
}

void write_content(JsonWriter& json, std::string_view type, const std::string& schema) {
    json.key("content").object().key(type).object().key("schema").raw(schema_of(schema)).end().end();
}

void write_operation(JsonWriter& json, const Route& route) {
    const Operation& operation = route.options.operation;
    json.key(lower_name(route.method)).object().field("summary", operation.summary);
    write_parameters(json, route);
    if (!operation.request_schema.empty()) {
        json.key("requestBody").object().field("required", true);
        write_content(json, "application/json", operation.request_schema);
        json.end();
    }
    json.key("responses").object().key(std::to_string(operation.success)).object();
    json.field("description", operation.summary);
    if (!operation.response_schema.empty())
        write_content(json, "application/json", operation.response_schema);
    json.end().key("default").object().field("description", "A problem (RFC 9457)");
    write_content(json, "application/problem+json", "#Problem");
    json.end().end();
    json.field("x-access", route.options.access == Access::open            ? "open"
                           : route.options.access == Access::administrator ? "administrator"
                                                                           : "signed-in");
    const auto scope = key_scope(route);
    json.key("x-key-scope");
    scope.empty() ? json.null() : json.value(scope);
    if (scope.empty() && route.options.access != Access::open)
        json.key("security").array().object().key("session").array().end().end().end();
    if (route.options.access == Access::open) json.key("security").array().end();
    json.end();
}

}  // namespace

std::string openapi_document(const Router& router, std::string_view version, std::string_view schemas) {
    std::map<std::string, std::vector<const Route*>> paths;
    for (const auto& route : router.routes())
        if (route->pattern.find("...") == std::string::npos) paths[route->pattern].push_back(route.get());
    JsonWriter json;
    json.object().field("openapi", "3.1.0");
    json.key("info").object().field("title", "BrainBytes").field("version", version);
    json.key("license").object().field("name", "MIT").field("identifier", "MIT").end().end();
    json.key("servers").array().object().field("url", "/").end().end();
    json.key("security").array().object().key("session").array().end().end();
    json.object().key("key").array().end().end().end();
    json.key("paths").object();
    for (const auto& [path, routes] : paths) {
        json.key(path).object();
        for (const Route* route : routes) write_operation(json, *route);
        json.end();
    }
    json.end().key("components").object().key("schemas").raw(schemas);
    json.key("securitySchemes")
        .raw(R"({"session":{"type":"apiKey","in":"cookie","name":"brainbytes_session"},)"
             R"("key":{"type":"http","scheme":"bearer"}})");
    json.end().end();
    return json.take();
}

}  // namespace bb::http
