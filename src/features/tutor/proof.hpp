#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bb::tutor {

/// A passage that a reply cites as [number].
struct CitedPassage {
    int number = 0;
    std::string text;
};

/// What a cited sentence says and its passages do not: words it quotes, a number, or most of its words.
enum class Lack { quote, number, words };

/// A cited sentence that its passages do not bear out. Offsets are code points of the reply.
struct Unsupported {
    std::int32_t start = 0;
    std::int32_t end = 0;
    std::vector<int> numbers;
    Lack lack = Lack::words;
};

/// How the cited sentences of a reply stand to the passages they cite.
struct Proof {
    int supported = 0;
    int unchecked = 0;  // too short to tell, or in another language than the passage
    std::vector<Unsupported> unsupported;

    bool empty() const { return supported == 0 && unchecked == 0 && unsupported.empty(); }
};

/// Checks each cited sentence against the passages it cites, by words: what it quotes must stand there, its
/// numbers of two and more digits too, and at least half of the words that carry its meaning, in this or a
/// kindred form. It finds what has no ground in the source; it cannot find a statement that turns the
/// source's words round. Pure.
Proof check_citations(std::string_view reply, const std::vector<CitedPassage>& cited);

/// The same for a reply as it is stored: `sources` is a JSON array of source-document parts, or empty.
Proof check_reply(std::string_view reply, const std::string& sources);

/// The `data-proof` part of a message; empty when nothing was cited.
std::string proof_part_json(const Proof& proof);

}  // namespace bb::tutor
