#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "operations/watch/doctor/finding.hpp"
#include "operations/watch/doctor/subject.hpp"

namespace bb::watch {

/// How hard a secret is to guess, from its length and how mixed its characters are; an upper bound.
double bits_of(std::string_view secret);

/// Whether it is a word that stands for a secret in examples ("changeme", "a-long-random-text").
bool is_placeholder(std::string_view secret);

/// Why a secret is too easy to guess; nothing: it is not.
std::optional<std::string> weakness_of(std::string_view secret);

/// Names of the secrets, and of the addresses with a password, that the text of an environment file gives, in
/// its order.
std::vector<std::string> secrets_in(std::string_view environment_file);

/// The strength of the secrets that somebody from outside can try to guess.
void look_at_strength(Findings& findings, const Subject& subject);

/// Who may read the files that secrets come from, and how old these are.
void look_at_secret_files(Findings& findings, const Subject& subject);

}  // namespace bb::watch
