#pragma once
#include <string>
#include <vector>

namespace bb::watch {

/// One picture of a dashboard, of Grafana and of CloudWatch alike.
struct Panel {
    struct Line {
        std::string query;   ///< PromQL
        std::string legend;  ///< of Grafana: {{label}} stands for a label's value
    };
    std::string group;  ///< performance, availability, security, business
    std::string title;
    std::string unit;  ///< as Grafana names it
    std::vector<Line> lines;
    std::string metric;     ///< of CloudWatch's namespace BrainBytes
    std::string statistic;  ///< of CloudWatch
};

const std::vector<Panel>& panels();

}  // namespace bb::watch
