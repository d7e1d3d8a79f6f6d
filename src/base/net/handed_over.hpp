#pragma once
#include <vector>

namespace bb::net {

/// Names under which sockets are handed over; any other name is a listening socket for everybody.
inline constexpr const char* name_of_probe = "probe";
inline constexpr const char* name_of_control = "control";
inline constexpr const char* name_of_requests = "requests";

/// Sockets that whoever started this process hands over, after systemd's protocol (sd_listen_fds(3)).
struct HandedOver {
    std::vector<int> listening;  ///< for everybody
    int probe = -1;     ///< listening, for who looks whether we work before everybody comes; -1: none
    int control = -1;   ///< between supervisor and server; -1: there is none
    int requests = -1;  ///< listening, of the supervisor before; -1: there was none
};

/// Takes them over, once: no program that this one starts finds them.
HandedOver take_handed_over();

}  // namespace bb::net
