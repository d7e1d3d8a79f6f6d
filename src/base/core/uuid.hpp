#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bb {

/// A 128-bit identifier (RFC 9562), kept as its 16 bytes.
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// A new version 7 identifier: sorts after all that this process made before, also within a millisecond.
    static Uuid make();
    /// Reads the 36-character form, either case; nothing else.
    static std::optional<Uuid> parse(std::string_view text);
    std::string text() const;
    void append_to(std::string& out) const;

    auto operator<=>(const Uuid&) const = default;
};

/// An identifier that cannot be mistaken for another kind's: `Id<struct UserTag>`.
template <class Tag>
struct Id {
    Uuid value;

    static Id make() { return {Uuid::make()}; }
    static std::optional<Id> parse(std::string_view text) {
        const auto uuid = Uuid::parse(text);
        if (!uuid) return std::nullopt;
        return Id{*uuid};
    }
    std::string text() const { return value.text(); }

    auto operator<=>(const Id&) const = default;
};

}  // namespace bb

template <>
struct std::hash<bb::Uuid> {
    std::size_t operator()(const bb::Uuid& uuid) const noexcept {
        // The last eight bytes of a version 7 identifier are random.
        std::size_t h = 0;
        for (int i = 8; i < 16; ++i) h = h << 8 | uuid.bytes[static_cast<std::size_t>(i)];
        return h;
    }
};

template <class Tag>
struct std::hash<bb::Id<Tag>> {
    std::size_t operator()(const bb::Id<Tag>& id) const noexcept { return std::hash<bb::Uuid>()(id.value); }
};
