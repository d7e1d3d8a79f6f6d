#pragma once
#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bb::materials::extract {

/// Why a file cannot be read. Its names are kept with the file, and sent: do not change them.
enum class Fault {
    damaged,         // "damaged"
    empty,           // "empty": no text in it
    mismatch,        // "mismatch": it is not what its name says
    missing_reader,  // "missing-reader": a program that is not installed here
    locked,          // "protected": by a password, or of a format that only its maker reads
    too_large,       // "too-large": more in it than may be read
    too_slow,        // "too-slow"
};
std::string_view name_of(Fault fault);
std::optional<Fault> fault_named(std::string_view name);

/// An expected failure to read: `words` is a sentence in English for who brought the file.
struct Unread {
    Fault fault = Fault::damaged;
    std::string words;
};

/// Called by Read::value() on a failure: a bug, so it throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const Unread& failure, const boost::source_location& where);

template <class T>
using Read = boost::system::result<T, Unread>;

}  // namespace bb::materials::extract
