#pragma once
#include <string>
#include <vector>

#include "base/net/pool.hpp"
#include "features/materials/entries.hpp"
#include "features/materials/materials.hpp"
#include "features/materials/search.hpp"
#include "unit/support/test_database.hpp"

namespace bb::materials {

inline constexpr auto biology = R"(# Photosynthesis

Plants make their own food. In photosynthesis the leaves turn carbon dioxide and water into sugar and oxygen,
and the energy for it comes from light.

## Chlorophyll

The green pigment chlorophyll absorbs red and blue light and reflects green light.

# Respiration

In the mitochondria cells break sugar down again to release energy.
)";

inline constexpr auto filipino = R"(# Mga halaman

Ang mga halaman ay gumagawa ng sariling pagkain sa tulong ng araw. Ang mga dahon ang kusina ng halaman.
)";

/// Two people whose materials are searched.
class SearchTest : public test::DatabaseTest {
protected:
    SearchTest() : ana_(person("ana")), ben_(person("ben")) {}

    UserId person(const std::string& name) {
        const UserId id = UserId::make();
        cluster().script("INSERT INTO users (id, email, name, role) VALUES ('" + id.text() + "', '" + name +
                         "@example.org', '" + name + "', 'student')");
        return id;
    }
    MaterialId material(UserId owner, std::string title, bool active = true) {
        NewMaterial input;
        input.title = std::move(title);
        input.active = active;
        Materials materials(db());
        return await(materials.create(owner, MaterialId::make(), input))->id;
    }
    Entry write(UserId owner, MaterialId in, std::string title, std::string content) {
        Entries entries(db(), pool_);
        NewEntry input;
        input.title = std::move(title);
        input.content = std::move(content);
        return *await(entries.create(owner, in, EntryId::make(), input));
    }
    PassageSearch find(UserId owner, std::string question, std::vector<Uuid> in = {}) {
        Search search(db());
        return await(search.passages(owner, std::move(question), std::move(in), 5));
    }

    net::BlockingPool pool_{1};
    UserId ana_;
    UserId ben_;
};

}  // namespace bb::materials
