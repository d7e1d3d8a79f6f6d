#pragma once
#include <cstddef>
#include <random>
#include <string>

namespace bb::test {

/// What is known of a column that a value is made up for.
struct Column {
    std::string name, type;  ///< as SQL writes them
    bool nullable = false, has_default = false;
    std::string checks;            ///< the conditions that name it, as SQL
    std::size_t longest = 12'000;  ///< characters of a text
};

/// Values for columns, as SQL literals: ordinary ones, and those at the ends of what a type can hold. Always
/// the same for the same seed and the same questions.
class MadeUpValues {
public:
    explicit MadeUpValues(unsigned seed) : random_(seed) {}

    /// A value that the type takes; one that the checks suggest, more often than not. `extreme`: at an end.
    std::string value(const Column& column, bool extreme);
    bool chance(unsigned one_in) { return random_() % one_in == 0; }
    unsigned below(std::size_t count) { return static_cast<unsigned>(random_() % count); }

private:
    std::string any(const Column& column, bool extreme);
    std::string number(const Column& column, bool extreme);
    std::string bytes(const Column& column, bool extreme);
    std::string text(const Column& column, bool extreme);
    std::string plain_word();
    std::string moment(bool extreme);
    std::string uuid();

    std::mt19937 random_;
    int count_ = 0;
};

}  // namespace bb::test
