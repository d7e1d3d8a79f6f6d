#include <boost/json.hpp>

#include "operations/watch/export.hpp"
#include "operations/watch/export_panels.hpp"
#include "operations/watch/export_text.hpp"

namespace bb::watch {
namespace {

namespace js = boost::json;

constexpr int columns = 3;
constexpr int panel_width = 8;
constexpr int panel_height = 8;
constexpr int schema_version = 38;

const js::object& datasource() {
    static const js::object one{{"type", "prometheus"}, {"uid", "${datasource}"}};
    return one;
}

js::object place(int x, int y, int w, int h) {
    return {{"h", h}, {"w", w}, {"x", x}, {"y", y}};
}

js::object row(const std::string& group, int id, int y) {
    std::string title = group;
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return {{"id", id},           {"type", "row"},         {"title", title},
            {"collapsed", false}, {"panels", js::array()}, {"gridPos", place(0, y, 24, 1)}};
}

js::object picture(const Panel& panel, int id, js::object at) {
    js::array targets;
    for (const auto& line : panel.lines)
        targets.push_back({{"refId", std::string(1, static_cast<char>('A' + targets.size()))},
                           {"datasource", datasource()},
                           {"expr", line.query},
                           {"legendFormat", line.legend},
                           {"range", true}});
    const js::object options{
        {"legend", {{"displayMode", "list"}, {"placement", "bottom"}, {"showLegend", true}}},
        {"tooltip", {{"mode", "multi"}, {"sort", "desc"}}}};
    return {{"id", id},
            {"type", "timeseries"},
            {"title", panel.title},
            {"datasource", datasource()},
            {"gridPos", std::move(at)},
            {"fieldConfig", {{"defaults", {{"unit", panel.unit}, {"min", 0}}}, {"overrides", js::array()}}},
            {"options", options},
            {"targets", std::move(targets)}};
}

js::array all_panels() {
    js::array out;
    int id = 0, y = 0, column = 0;
    std::string group;
    for (const auto& panel : panels()) {
        if (panel.group != group) {
            if (column != 0) y += panel_height;
            column = 0;
            group = panel.group;
            out.push_back(row(group, ++id, y));
            y += 1;
        }
        out.push_back(picture(panel, ++id, place(column * panel_width, y, panel_width, panel_height)));
        column = (column + 1) % columns;
        if (column == 0) y += panel_height;
    }
    return out;
}

}  // namespace

std::string grafana_dashboard(const std::vector<Alarm>&) {
    const js::object variable{{"name", "datasource"},
                              {"label", "Prometheus"},
                              {"type", "datasource"},
                              {"query", "prometheus"},
                              {"hide", 0},
                              {"refresh", 1}};
    const js::object firing{{"name", "Alarms"},
                            {"datasource", datasource()},
                            {"enable", true},
                            {"iconColor", "red"},
                            {"expr", "ALERTS{service=\"brainbytes\",alertstate=\"firing\"}"},
                            {"titleFormat", "{{alertname}}"},
                            {"tagKeys", "severity"}};
    const js::object dashboard{{"uid", "brainbytes"},
                               {"title", "BrainBytes"},
                               {"tags", js::array{"brainbytes"}},
                               {"schemaVersion", schema_version},
                               {"version", 1},
                               {"editable", true},
                               {"refresh", "30s"},
                               {"timezone", "browser"},
                               {"time", {{"from", "now-6h"}, {"to", "now"}}},
                               {"templating", {{"list", js::array{variable}}}},
                               {"annotations", {{"list", js::array{firing}}}},
                               {"panels", all_panels()}};
    return readable_json(dashboard);
}

}  // namespace bb::watch
