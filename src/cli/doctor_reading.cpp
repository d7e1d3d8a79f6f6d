#include "cli/doctor.hpp"
#include "features/materials/extract/bubblewrap.hpp"

namespace bb::cli {

void look_at_reading(watch::Findings& findings) {
    const auto trial = materials::extract::try_bubblewrap({});
    std::string around = "within bubblewrap";
    if (!trial.installed)
        around = "without bubblewrap, which is not installed (one wall more: apt-get install bubblewrap)";
    else if (!trial.works())
        around = "without bubblewrap, which does not work here: " + trial.reason;
    findings.ok("reading files", "by a process that is shut in, " + around);
}

}  // namespace bb::cli
