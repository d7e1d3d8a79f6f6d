#pragma once
#include <stdexcept>
#include <string_view>

namespace bb::blobs {

/// Thrown when a place does not answer: nothing is known about what is in it.
class Away : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown when a place answers that it has no such object.
class Absent : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An object on its way into a store. Nothing of it is there unless finish() has returned.
class ObjectWriter {
public:
    virtual ~ObjectWriter() = default;
    /// Takes all of `bytes`, of which it holds a bounded part. Throws std::system_error (no space),
    /// std::runtime_error with a sentence.
    virtual void write(std::string_view bytes) = 0;
    /// Everything is kept for good when this returns.
    virtual void finish() = 0;
};

}  // namespace bb::blobs
