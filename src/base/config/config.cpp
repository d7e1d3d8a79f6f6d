#include "base/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/config/env_file.hpp"
#include "base/config/places.hpp"
#include "base/core/utf8.hpp"

extern char** environ;

namespace bb::config {
namespace {

/// Options that are of use only together.
constexpr std::pair<std::string_view, std::string_view> pairs[] = {
    {"GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"}};

/// One place that values come from; earlier layers win.
struct Layer {
    Environment values;
    std::string origin;
    std::map<std::string, int, std::less<>> lines{};  // of a file, by name

    /// For people: where to look.
    std::string place_of(const std::string& name) const {
        const auto found = lines.find(name);
        return found == lines.end() ? origin : fmt::format("{}, line {}", origin, found->second);
    }
};

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (!in || in.bad())
        return Error(ErrorCode::invalid_input, fmt::format("cannot be read: {}", std::strerror(errno)));
    return text.str();
}

class Loader {
public:
    Loader(const Environment& environment, const std::string& folder) : folder_(folder) {
        layers_.push_back({environment, "environment"});
    }

    std::vector<FieldError> faults;
    std::vector<std::string> warnings;

    void read_layers() {
        auto local = read_env_file(".env.local");
        auto base = read_env_file(".env");
        std::string stage(find_option("BRAINBYTES_STAGE")->standard);
        for (const Layer* layer : {&layers_.front(), &local, &base}) {
            const auto found = layer->values.find("BRAINBYTES_STAGE");
            if (found == layer->values.end() || found->second.empty()) continue;
            stage = found->second;
            break;
        }
        // A wrong stage is reported like any other wrong value and must not choose a file.
        if (!fault_of(*find_option("BRAINBYTES_STAGE"), stage))
            layers_.push_back(read_env_file(".env." + stage));
        layers_.push_back(std::move(local));
        layers_.push_back(std::move(base));
        for (const auto& layer : layers_) warn_of_unknown_names(layer);
    }

    Config::Value effective(const Option& option) {
        for (const auto& layer : layers_) {
            auto value = from_layer(option, layer);
            if (!value) continue;
            if (value->text.empty()) break;  // NAME= asks for the default
            if (const auto fault = fault_of(option, value->text)) {
                const auto from =
                    value->origin == layer.origin ? layer.place_of(std::string(option.name)) : value->origin;
                complain(option, {value->text, from}, *fault);
            }
            return std::move(*value);
        }
        return {std::string(option.standard), "default"};
    }

private:
    Layer read_env_file(const std::string& name) {
        Layer layer{{}, name};
        const auto path = folder_ + "/" + name;
        std::ifstream in(path, std::ios::binary);
        if (!in) return layer;
        std::ostringstream text;
        text << in.rdbuf();
        auto lines = parse_env(text.str());
        if (!lines) {
            faults.push_back({name, lines.error().detail});
            return layer;
        }
        for (auto& line : *lines) {
            layer.values[line.name] = std::move(line.value);
            layer.lines[line.name] = line.line;
        }
        return layer;
    }

    std::optional<Config::Value> from_layer(const Option& option, const Layer& layer) {
        const std::string name(option.name);
        const auto plain = layer.values.find(name);
        const auto file = layer.values.find(name + "_FILE");
        const bool has_file = file != layer.values.end() && !file->second.empty();
        if (plain != layer.values.end() && (!plain->second.empty() || !has_file)) {
            if (has_file)
                faults.push_back({name, fmt::format("is given twice in {}: as {} and as {}_FILE",
                                                    layer.origin, name, name)});
            return Config::Value{plain->second, layer.origin};
        }
        if (!has_file) return std::nullopt;
        const auto path = file->second.front() == '/' ? file->second : folder_ + "/" + file->second;
        auto text = read_file(path);
        if (!text) {
            faults.push_back({name + "_FILE", fmt::format("{} {}", file->second, text.error().detail)});
            return Config::Value{};
        }
        return Config::Value{std::string(utf8::trim(*text)), "file " + file->second};
    }

    void complain(const Option& option, const Config::Value& value, const std::string& fault) {
        const bool show = option.kind != Kind::secret && masked(option, value.text) == value.text;
        const auto given =
            show ? fmt::format(" (\"{}\")", utf8::valid(value.text) ? value.text : "") : std::string();
        faults.push_back({std::string(option.name), fmt::format("from {}{} {}. Example: {}={}", value.origin,
                                                                given, fault, option.name, option.example)});
    }

    void warn_of_unknown_names(const Layer& layer);

    std::string folder_;
    std::vector<Layer> layers_;
};

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const auto changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
        }
    }
    return row[b.size()];
}

std::string_view nearest_option(std::string_view name) {
    const auto all = options();
    return std::min_element(all.begin(), all.end(),
                            [name](const Option& a, const Option& b) {
                                return distance(name, a.name) < distance(name, b.name);
                            })
        ->name;
}

void Loader::warn_of_unknown_names(const Layer& layer) {
    for (const auto& [name, value] : layer.values) {
        if (name.rfind("BRAINBYTES_", 0) != 0) continue;
        std::string_view base = name;
        if (base.size() > 5 && base.substr(base.size() - 5) == "_FILE") base.remove_suffix(5);
        if (find_option(base)) continue;
        warnings.push_back(fmt::format("{} (from {}) is not an option; the nearest is {}.", name,
                                       layer.place_of(name), nearest_option(base)));
    }
}

/// Whether two options name the same part of the same bucket, in whatever way they write it.
bool is_one_bucket(std::string_view one, std::string_view other) {
    const auto a = parse_bucket(one), b = parse_bucket(other);
    return a && b && a->bucket == b->bucket && a->prefix == b->prefix;
}

}  // namespace

Environment process_environment() {
    Environment all;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto sign = text.find('=');
        if (sign != std::string_view::npos) all[std::string(text.substr(0, sign))] = text.substr(sign + 1);
    }
    return all;
}

Result<Config> Config::load(const Environment& environment, const std::string& folder) {
    Loader loader(environment, folder);
    loader.read_layers();
    Config config;
    for (const auto& option : options()) config.values_[std::string(option.name)] = loader.effective(option);
    if (!config.is_set("BRAINBYTES_SECRET") && config.is_set("BETTER_AUTH_SECRET"))
        config.values_["BRAINBYTES_SECRET"] = config.value("BETTER_AUTH_SECRET");
    config.take_aws_names();
    for (const auto& [one, other] : pairs)
        if (config.is_set(one) != config.is_set(other))
            loader.faults.push_back(
                {std::string(config.is_set(one) ? other : one),
                 fmt::format("must be set too, as {} is", config.is_set(one) ? one : other)});
    // The secret may be kept in the database, the id of its key may not.
    if (config.text("BACKUP_TO").find("s3://") != std::string::npos && !config.is_set("S3_ACCESS_KEY_ID"))
        loader.faults.push_back({"S3_ACCESS_KEY_ID", "must be set too, as BACKUP_TO names a bucket"});
    for (const auto* name : {"S3_BUCKET", "S3_BUCKET_BEFORE"})
        if (config.is_set(name) && !config.is_set("S3_ACCESS_KEY_ID"))
            loader.faults.push_back(
                {"S3_ACCESS_KEY_ID", fmt::format("must be set too, as {} names a bucket", name)});
    if (is_one_bucket(config.text("S3_BUCKET"), config.text("S3_BUCKET_BEFORE")))
        loader.faults.push_back({"S3_BUCKET_BEFORE", "must be another than S3_BUCKET"});
    config.warnings_ = std::move(loader.warnings);
    if (!loader.faults.empty())
        return Error(ErrorCode::invalid_input, "The configuration is wrong.", std::move(loader.faults));
    return config;
}

void Config::take_aws_names() {
    const auto take = [this](std::string_view ours, std::string_view theirs) {
        if (!is_set(ours)) values_[std::string(ours)] = value(theirs);
    };
    take("S3_ENDPOINT", "AWS_ENDPOINT_URL");
    take("S3_REGION", "AWS_REGION");
    // A key goes with its own secret, never with another's.
    if (is_set("S3_ACCESS_KEY_ID") || !is_set("AWS_ACCESS_KEY_ID")) return;
    values_["S3_ACCESS_KEY_ID"] = value("AWS_ACCESS_KEY_ID");
    values_["S3_SECRET_ACCESS_KEY"] = value("AWS_SECRET_ACCESS_KEY");
    values_["S3_SESSION_TOKEN"] = value("AWS_SESSION_TOKEN");
}

const Config::Value& Config::value(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::logic_error(fmt::format("{} is not in the option table", name));
    return found->second;
}

std::int64_t Config::number(std::string_view name) const {
    const auto& digits = text(name);
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

void Config::set(std::string_view name, std::string text, std::string origin) {
    value(name);
    values_[std::string(name)] = {std::move(text), std::move(origin)};
}

}  // namespace bb::config
