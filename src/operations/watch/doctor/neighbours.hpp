#pragma once
#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// Whether the mail server takes our greeting and sign-in; sends nothing.
void look_at_mail_server(Findings& findings, const Subject& subject);
/// Whether the language model takes our key, and has the model.
void look_at_model(Findings& findings, const Subject& subject);
/// Whether GitHub, where people sign in with it, can be reached from here.
void look_at_github(Findings& findings, const Subject& subject);

}  // namespace bb::watch
