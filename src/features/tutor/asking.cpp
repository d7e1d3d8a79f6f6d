#include "features/tutor/asking.hpp"

#include "base/core/utf8.hpp"
#include "features/tutor/excerpt.hpp"

namespace bb::tutor {

std::string search_text(const std::vector<Turn>& history, const std::string& question) {
    constexpr std::size_t enough_words = 6;
    constexpr std::size_t longest = 2000;
    if (query_words(question).size() >= enough_words) return std::string(utf8::prefix(question, longest));
    for (auto turn = history.rbegin(); turn != history.rend(); ++turn) {
        if (turn->role == "user")
            return question + "\n" + std::string(utf8::prefix(turn->text, longest));
    }
    return question;
}

llm::ChatRequest prompt_for(const Job& job, const materials::PassageSearch& found) {
    llm::ChatRequest request;
    std::string system = "You are a patient tutor. Cite passages as [n].";
    int number = 0;
    for (const auto& passage : found.passages) system += "\n[" + std::to_string(++number) + "] " + passage.text;
    request.messages.push_back({"system", std::move(system)});
    for (const auto& turn : job.history) request.messages.push_back({turn.role, turn.text});
    request.messages.push_back({"user", job.question});
    if (!job.live->text().empty()) request.messages.push_back({"assistant", job.live->text()});
    return request;
}

std::string quoted_answer(const materials::PassageSearch& found, const std::string&, const std::string&) {
    if (!found.answerable || found.passages.empty()) return "I found nothing about this in your materials.";
    std::string answer;
    int number = 0;
    for (const auto& passage : found.passages) answer += "> " + passage.text + " [" + std::to_string(++number) + "]\n\n";
    return answer;
}

llm::ChatRequest title_request(const std::string& question, const std::string& answer) {
    llm::ChatRequest request;
    request.max_tokens = 24;
    request.messages.push_back({"system", "Give this conversation a title of two to six words. Answer with it alone."});
    request.messages.push_back({"user", std::string(utf8::prefix(question, 1000)) + "\n\n" + answer});
    return request;
}

std::string clean_title(const std::string& answer) {
    auto line = utf8::trim(answer);
    line = line.substr(0, line.find('\n'));
    while (!line.empty() && (line.front() == '"' || line.front() == '#' || line.front() == ' ')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == '"' || line.back() == '.' || line.back() == ' ')) line.remove_suffix(1);
    if (utf8::has_controls(line)) return {};
    return std::string(utf8::prefix(line, 80));
}

}  // namespace bb::tutor
