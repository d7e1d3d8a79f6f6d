#include "features/materials/extract/fault.hpp"

#include <array>
#include <stdexcept>

namespace bb::materials::extract {
namespace {

constexpr std::array<std::string_view, 7> fault_names{
    "damaged", "empty", "mismatch", "missing-reader", "protected", "too-large", "too-slow",
};

}  // namespace

std::string_view name_of(Fault fault) {
    return fault_names.at(static_cast<std::size_t>(fault));
}

std::optional<Fault> fault_named(std::string_view name) {
    for (std::size_t i = 0; i < fault_names.size(); ++i)
        if (fault_names[i] == name) return static_cast<Fault>(i);
    return std::nullopt;
}

void throw_exception_from_error(const Unread& failure, const boost::source_location&) {
    throw std::logic_error("a file that was not read: " + failure.words);
}

}  // namespace bb::materials::extract
