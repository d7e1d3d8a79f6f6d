#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/core/error.hpp"
#include "operations/stages/stage_file.hpp"

namespace bb::stages {

/// A box of the deployment plan's checklists, and how it stands for one release of a stage.
struct Box {
    std::string name;    ///< "review"
    std::string words;   ///< of the plan
    std::string result;  ///< "met", "unmet", "waived"
    std::string answer;  ///< the evidence, or what is missing
};

/// What a person has said of a box, or that it shall not count.
struct Word {
    std::string box;
    std::string release;
    std::string kind;  ///< "signed" or "waived"
    std::string by;    ///< who says so; empty: the account and host
    std::string note;
};

/// What people have said, one line of JSON each, appended and on the disk; nothing is changed or removed.
class Words {
public:
    explicit Words(std::filesystem::path file) : file_(std::move(file)) {}

    /// Errors: invalid_input, when there is no such box, or nobody can sign it. Throws std::system_error.
    Result<void> add(const Word& word) const;
    std::vector<Word> of(const std::string& release) const;

private:
    std::filesystem::path file_;
};

/// From where the evidence comes.
struct Evidence {
    const Stage& stage;
    std::string release;
    std::filesystem::path folder;   ///< of the clone: build/evidence
    std::filesystem::path ledger;   ///< of the stage
    std::filesystem::path reports;  ///< of "verify"
    Words words;
    std::string here{};  ///< on a host itself: the release that it has; empty: the hosts are asked
    std::filesystem::path program{"/proc/self/exe"};  ///< whose migrations are looked at
};

enum class Phase { setup, before, during, after };

/// Whether a box is of what there must be before any release.
bool is_of_setup(const std::string& box);

/// Looks at every box of a phase. Nothing of it is a constant: each answer names its evidence.
std::vector<Box> check_boxes(Phase phase, const Evidence& evidence);

}  // namespace bb::stages
