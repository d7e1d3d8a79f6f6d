#pragma once
#include <functional>
#include <string>

#include "base/client/http_client.hpp"

namespace bb::verify {

/// The address of the student that looks at installations; ".invalid" has no mail (RFC 2606): nobody can sign
/// in as this one from outside.
inline constexpr const char* student_email = "smoke-test@brainbytes.invalid";

/// One visit to a server, with or without a session. Each call throws std::runtime_error with a sentence when
/// it is not answered as it should be.
class Visit {
public:
    struct To {
        std::string url;      ///< of the server, without a slash at its end
        std::string cookie;   ///< of a session; empty: signed out
        std::string ca_file;  ///< authorities to trust besides; empty: those of the system
        std::function<void()> watch = [] {
        };  ///< called before each request; throws to end the visit
    };

    explicit Visit(To to) : to_(std::move(to)) {}
    Visit(const Visit&) = delete;

    client::Reply ask(const std::string& method, const std::string& target, const std::string& body = {},
                      const std::string& type = "application/json", bool signed_in = true) const;
    /// The same, answered with `status`.
    client::Reply expect(int status, const std::string& method, const std::string& target,
                         const std::string& json = {}) const;

    /// Who is signed in.
    std::string person() const;
    /// Makes a material with an entry, and keeps it for the others.
    void bring_material();
    const std::string& material() const { return material_; }
    /// Asks about it; gives the number of pieces in which the answer came.
    std::size_t ask_tutor();
    /// Deletes what was made. Throws when some of it is left.
    void leave();
    /// Ends the session.
    void sign_out() const;

private:
    std::string made(const std::string& target, const std::string& json) const;

    const To to_;
    std::string material_, thread_;
};

/// In how many pieces a streamed answer came. Throws std::runtime_error when it holds an error, says nothing,
/// or does not come to its end.
std::size_t pieces_of(const std::string& stream);

}  // namespace bb::verify
