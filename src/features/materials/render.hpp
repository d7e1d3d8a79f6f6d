#pragma once
#include <string>

#include "base/core/json_writer.hpp"
#include "base/http/response.hpp"
#include "features/materials/message_search.hpp"
#include "features/materials/records.hpp"
#include "features/materials/titles.hpp"

namespace bb::materials {

/// The JSON of each kind of row as the API shows it. Entries and files without their text, as in lists.
void write(JsonWriter& json, const Subject& subject);
void write(JsonWriter& json, const Material& material);
void write(JsonWriter& json, const Entry& entry);
void write(JsonWriter& json, const File& file);
void write(JsonWriter& json, const FoundPassage& passage);
void write(JsonWriter& json, const FoundMessage& message);
void write(JsonWriter& json, const FoundMaterial& material);
void write(JsonWriter& json, const FoundThread& thread);

/// With `content` and `text`.
std::string whole(const Entry& entry);
std::string whole(const File& file);

template <class T>
std::string to_json(const T& row) {
    JsonWriter json;
    write(json, row);
    return json.take();
}

/// {"<name>":[...],"next":...}
template <class T>
std::string list_to_json(std::string_view name, const Page<T>& page) {
    JsonWriter json;
    json.object().key(name).array();
    for (const T& item : page.items) write(json, item);
    json.end().field("next", page.next).end();
    return json.take();
}

/// What makes a row's tag change besides its version: see http::IfMatch.
std::string tag_of(const Subject& subject);
std::string tag_of(const Material& material);
std::string tag_of(const Entry& entry);
std::string tag_of(const File& file);

}  // namespace bb::materials
