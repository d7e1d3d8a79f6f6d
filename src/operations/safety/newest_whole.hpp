#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/core/time.hpp"
#include "base/db/session.hpp"
#include "operations/safety/destination.hpp"

namespace bb::safety {

/// Finds the newest backup that can be restored, of whatever method: one that was noted as good, and that its
/// places do not know to be damaged or gone by now. They are asked again after ten minutes; one that is away
/// tells nothing against a backup.
class NewestWhole {
public:
    /// `one_machine`: what is in no folder of this machine is in none. Elsewhere another server may have it.
    NewestWhole(const std::vector<Destination>& places, bool one_machine)
        : places_(places), one_machine_(one_machine) {}

    /// When it was begun; nothing: there is none. Throws db::SqlError, db::Unavailable, GivenUp.
    std::optional<Time> began(db::Session& session);

private:
    bool is_lost(const std::string& id) const;

    const std::vector<Destination>& places_;
    const bool one_machine_;
    std::map<std::string, bool> lost_;  // by id
    Time believed_until_{};
};

}  // namespace bb::safety
