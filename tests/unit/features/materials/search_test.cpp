#include "features/materials/search.hpp"

#include "features/materials/files.hpp"
#include "features/materials/housekeeping.hpp"
#include "features/materials/seed/seed.hpp"
#include "services/blobs/disk_store.hpp"
#include "unit/features/materials/search_case.hpp"

namespace bb::materials {
namespace {

TEST_F(SearchTest, FindsThePassageThatAnswers) {
    const auto in = material(ana_, "Biology");
    const auto entry = write(ana_, in, "Energy in cells", biology);
    const auto found = find(ana_, "Which pigment absorbs light?");
    ASSERT_FALSE(found.passages.empty());
    const auto& best = found.passages[0];
    EXPECT_TRUE(found.answerable);
    EXPECT_EQ(best.entry, entry.id);
    EXPECT_EQ(best.material, in);
    EXPECT_EQ(best.title, "Energy in cells");
    EXPECT_EQ(best.material_title, "Biology");
    EXPECT_EQ(best.heading_path, (std::vector<std::string>{"Photosynthesis", "Chlorophyll"}));
    EXPECT_TRUE(best.highlights.empty()) << "the tutor, who waits, has no use for them";
    const auto shown = await(Search(db()).everywhere(ana_, "Which pigment absorbs light?", {}, 5));
    ASSERT_FALSE(shown.passages.empty());
    const auto& marked = shown.passages[0];
    EXPECT_EQ(marked.text, best.text);
    ASSERT_FALSE(marked.highlights.empty());
    EXPECT_EQ(marked.text.substr(static_cast<std::size_t>(marked.highlights[0].first), 7), "pigment");
}

TEST_F(SearchTest, ForgivesInflectionMisspellingAndForeignSpelling) {
    const auto in = material(ana_, "Biology");
    write(ana_, in, "Energy", biology);
    for (const char* question : {"absorbing pigments", "clorophyl", "fotosintesis", "mitocondria",
                                 "What does chlorophylls absorb?"}) {
        const auto found = find(ana_, question);
        EXPECT_FALSE(found.passages.empty()) << question;
        EXPECT_TRUE(found.answerable) << question;
    }
}

TEST_F(SearchTest, FindsWordsThatTheirStemHardlyShows) {
    const auto in = material(ana_, "Programming");
    write(ana_, in, "Counting", "A range of numbers is made by its first and last number.");
    write(ana_, in, "Orders", "There are six permutations of three letters.");
    write(ana_, in, "Letters", "Each character has a code, which an encoding turns into bytes.");
    write(ana_, in, "Keeping", "Pickling turns an object into bytes.");
    const std::pair<const char*, const char*> cases[] = {
        {"rnage", "Counting"}, {"permutatons", "Orders"}, {"charcter", "Letters"}, {"pikle", "Keeping"}};
    for (const auto& [question, title] : cases) {
        const auto found = find(ana_, question);
        ASSERT_EQ(found.passages.size(), 1u) << question;
        EXPECT_EQ(found.passages[0].title, title) << question;
    }
    EXPECT_TRUE(find(ana_, "compiler").passages.empty()) << "is no misspelling";
}

TEST_F(SearchTest, UnderstandsFilipinoAffixes) {
    const auto in = material(ana_, "Agham");
    write(ana_, in, "Mga halaman", filipino);
    for (const char* question :
         {"Paano gumawa ng pagkain ang halaman?", "halamang", "Ano ang ginagawa ng dahon?"}) {
        const auto found = find(ana_, question);
        EXPECT_FALSE(found.passages.empty()) << question;
        EXPECT_TRUE(found.answerable) << question;
    }
}

TEST_F(SearchTest, SaysWhenTheMaterialsHaveNoAnswer) {
    const auto in = material(ana_, "Biology");
    write(ana_, in, "Energy", biology);
    for (const char* question : {"Who won the football world cup in 1998?", "What is the capital of France?",
                                 "Explain the French revolution and its causes",
                                 "Can you give another example?", "Sino ang pambansang bayani?"})
        EXPECT_FALSE(find(ana_, question).answerable) << question;
    EXPECT_TRUE(find(ana_, "what is it?").passages.empty());
    EXPECT_TRUE(find(ben_, "chlorophyll").passages.empty());
}

TEST_F(SearchTest, LooksOnlyIntoActiveOrChosenMaterialsOfTheOwner) {
    const auto open = material(ana_, "Open");
    const auto shut = material(ana_, "Shut", false);
    const auto foreign = material(ben_, "Foreign");
    write(ana_, shut, "Shut", "Volcanoes spit lava.");
    write(ben_, foreign, "Foreign", "Volcanoes spit lava.");
    EXPECT_TRUE(find(ana_, "volcanoes").passages.empty());
    EXPECT_EQ(find(ana_, "volcanoes", {shut.value}).passages.size(), 1u);
    EXPECT_TRUE(find(ana_, "volcanoes", {open.value}).passages.empty());
    EXPECT_TRUE(find(ana_, "volcanoes", {foreign.value}).passages.empty());
    Search search(db());
    EXPECT_EQ(await(search.everywhere(ana_, "volcanoes", {}, 5)).passages.size(), 1u);
}

TEST_F(SearchTest, FollowsEveryChangeOfAText) {
    const auto in = material(ana_, "Notes");
    const auto other = material(ana_, "Other");
    const auto entry = write(ana_, in, "Old", "Volcanoes spit lava.");
    Entries entries(db(), pool_);
    const auto change = [&](EntryChange what, MaterialId where) {
        return await(entries.change(ana_, where, entry.id, std::move(what), http::IfMatch())).has_value();
    };
    EntryChange text;
    text.content = "Glaciers carve valleys.";
    ASSERT_TRUE(change(text, in));
    EXPECT_TRUE(find(ana_, "volcanoes").passages.empty());
    EXPECT_EQ(find(ana_, "glacier").passages.size(), 1u);

    EntryChange title;
    title.title = "Tectonics";
    ASSERT_TRUE(change(title, in));
    EXPECT_EQ(find(ana_, "tectonics").passages.size(), 1u);

    EntryChange move;
    move.material = other;
    ASSERT_TRUE(change(move, in));
    EXPECT_TRUE(find(ana_, "glacier", {in.value}).passages.empty());
    EXPECT_EQ(find(ana_, "glacier", {other.value}).passages.size(), 1u);
    EXPECT_FALSE(change(title, in));

    ASSERT_TRUE(await(entries.remove(ana_, other, entry.id, http::IfMatch())));
    EXPECT_TRUE(find(ana_, "glacier").passages.empty());
    const auto counts = await(db().query("SELECT passages, length FROM corpora"));
    EXPECT_EQ(counts[0].get<std::int64_t>(0), 0);
    EXPECT_EQ(counts[0].get<std::int64_t>(1), 0);
    EXPECT_TRUE(await(db().query("SELECT 1 FROM vocabulary")).empty());
    EXPECT_TRUE(await(db().query("SELECT 1 FROM vocabulary_trigrams")).empty());

    ASSERT_TRUE(await(entries.restore(ana_, other, entry.id)));
    EXPECT_EQ(find(ana_, "glacier").passages.size(), 1u);
}

TEST_F(SearchTest, LosesAMaterialWithItsDeletionAndFindsItRestored) {
    const auto in = material(ana_, "Notes");
    write(ana_, in, "Fire", "Volcanoes spit lava.");
    Materials materials(db());
    ASSERT_TRUE(await(materials.remove(ana_, in, http::IfMatch())));
    EXPECT_TRUE(find(ana_, "lava").passages.empty());
    EXPECT_TRUE(find(ana_, "lava", {in.value}).passages.empty());
    ASSERT_TRUE(await(materials.restore(ana_, in, 0)));
    EXPECT_EQ(find(ana_, "lava").passages.size(), 1u);
}

TEST_F(SearchTest, IndexesFilesAndLargeTexts) {
    const auto in = material(ana_, "Big");
    std::string text;
    for (int i = 0; i < 3'000; ++i) text += "Paragraph " + std::to_string(i) + " talks about geology. ";
    NewFile file;
    file.name = "big.txt";
    file.media_type = "text/plain";
    file.text = text + "\n\nThe needle is here.";
    file.bytes = static_cast<std::int64_t>(file.text->size());
    Files files(db(), pool_);
    std::vector<NewFile> all(1, file);
    const auto made = await(files.create(ana_, in, FileId::make(), all));
    ASSERT_TRUE(made);
    const auto found = find(ana_, "needle");
    ASSERT_EQ(found.passages.size(), 1u);
    EXPECT_EQ(found.passages[0].file, (*made)[0].id);
    EXPECT_NE(found.passages[0].text.find("needle"), std::string::npos);
    EXPECT_EQ(find(ana_, "geology").passages.size(), 5u);
}

TEST_F(SearchTest, GivesNeighboursAsOneStretchOfTheText) {
    const auto repeated = [](std::string text) {
        for (const std::string once = text; text.size() < 28 * once.size();) text += once;
        return text;
    };
    const std::string content = "# Cells\n\n" + repeated("The membrane lets small things pass slowly. ") +
                                "\n\n" + repeated("A membrane has two layers of fat and water. ") +
                                "\n\n# Rocks\n\n" + repeated("A membrane is no part of any rock at all. ");
    write(ana_, material(ana_, "Biology"), "Cells", content);
    ASSERT_EQ(await(db().query("SELECT id FROM passages")).size(), 3);
    const auto found = await(Search(db()).everywhere(ana_, "membrane", {}, 5));
    ASSERT_EQ(found.passages.size(), 2u);
    const auto joined = found.passages[0].heading_path[0] == "Cells" ? found.passages[0] : found.passages[1];
    EXPECT_NE(joined.text.find("slowly. \n\nA membrane"), std::string::npos);
    EXPECT_EQ(joined.text, content.substr(static_cast<std::size_t>(joined.start),
                                          static_cast<std::size_t>(joined.end - joined.start)));
    EXPECT_EQ(joined.highlights.size(), 56u);
}

TEST_F(SearchTest, KeepsPositionsWithoutGaps) {
    const auto in = material(ana_, "Notes");
    std::vector<Entry> made;
    for (const char* title : {"a", "b", "c", "d"}) made.push_back(write(ana_, in, title, title));
    Entries entries(db(), pool_);
    EntryChange up;
    up.position = 1;
    await(entries.change(ana_, in, made[2].id, up, http::IfMatch()));
    EntryChange last;
    last.position = 99;
    await(entries.change(ana_, in, made[0].id, last, http::IfMatch()));
    const auto list = await(entries.list(ana_, in, http::PageQuery()));
    std::string order;
    for (const auto& entry : list->items) order += entry.title + std::to_string(entry.position);
    EXPECT_EQ(order, "c1b2d3a4");
}

TEST_F(SearchTest, PurgesWhatWasDeletedLongAgoWithItsIndexAndOriginal) {
    char folder[] = "/tmp/bb-tidy-XXXXXX";
    ASSERT_TRUE(::mkdtemp(folder));
    const auto on_disk = std::make_shared<blobs::DiskStore>(folder);
    auto& store = *on_disk;
    const blobs::Stores stores({on_disk});
    secrets::KeyRing keys(db(), {"a secret"});
    blobs::FileStore originals(db(), keys, stores, pool_);
    const auto gone = material(ana_, "Gone");
    const auto kept = material(ana_, "Kept");
    write(ana_, gone, "Fire", "Volcanoes spit lava.");
    write(ana_, kept, "Ice", "Glaciers carve valleys.");
    Files files(db(), pool_);
    for (const auto in : {gone, kept}) {
        NewFile file;
        file.name = in == gone ? "gone.txt" : "kept.txt";
        file.media_type = "text/plain";
        file.text = "The text of " + file.name;
        file.digest = await(originals.put(ana_.value, file.text.value()));
        std::vector<NewFile> all(1, file);
        ASSERT_TRUE(await(files.create(ana_, in, FileId::make(), all)));
    }
    Materials materials(db());
    ASSERT_TRUE(await(materials.remove(ana_, gone, http::IfMatch())));
    await(purge_deleted_of_any_owner(db(), std::chrono::hours(1)));
    EXPECT_TRUE(await(materials.restore(ana_, gone, 0)));
    EXPECT_EQ(find(ana_, "lava").passages.size(), 1u);

    ASSERT_TRUE(await(materials.remove(ana_, gone, http::IfMatch())));
    const std::chrono::seconds at_once(0);
    EXPECT_EQ(await(sweep_blobs_of_any_owner(db(), store, pool_, at_once, keep_deleted)), 0u);
    await(purge_deleted_of_any_owner(db(), at_once));
    EXPECT_FALSE(await(materials.restore(ana_, gone, 0)));
    EXPECT_TRUE(await(db().query("SELECT 1 FROM vocabulary WHERE term = 'lava'")).empty());
    EXPECT_EQ(await(db().query("SELECT passages FROM corpora"))[0].get<std::int64_t>(0), 2);
    EXPECT_EQ(await(sweep_blobs_of_any_owner(db(), store, pool_, at_once, keep_deleted)), 1u);
    EXPECT_EQ(store.older_than(at_once).size(), 1u);
    EXPECT_EQ(store.discarded(at_once).size(), 1u);
    await(sweep_blobs_of_any_owner(db(), store, pool_, at_once, keep_deleted));
    EXPECT_EQ(store.discarded(at_once).size(), 1u);
    await(sweep_blobs_of_any_owner(db(), store, pool_, at_once, at_once));
    EXPECT_TRUE(store.discarded(at_once).empty());
    std::filesystem::remove_all(folder);
}

TEST_F(SearchTest, SweepsNoFileOfAnotherDatabase) {
    char folder[] = "/tmp/bb-tidy-XXXXXX";
    ASSERT_TRUE(::mkdtemp(folder));
    const auto on_disk = std::make_shared<blobs::DiskStore>(folder);
    auto& store = *on_disk;
    const blobs::Stores stores({on_disk});
    secrets::KeyRing keys(db(), {"a secret"});
    blobs::FileStore originals(db(), keys, stores, pool_);
    const std::chrono::seconds at_once(0);
    const auto sweep = [&] {
        return await(sweep_blobs_of_any_owner(db(), store, pool_, at_once, keep_deleted));
    };
    const auto in = material(ana_, "Kept");
    NewFile file;
    file.name = "kept.txt";
    file.media_type = "text/plain";
    file.text = "The original";
    file.digest = await(originals.put(ana_.value, file.text.value()));
    await(originals.put(ana_.value, "stray"));
    // As at the start with an empty database, whether or not the folder says whose it is.
    EXPECT_EQ(sweep(), 0u);
    EXPECT_EQ(store.database(), "");
    store.set_database("another");
    EXPECT_EQ(sweep(), 0u);
    EXPECT_EQ(store.older_than(at_once).size(), 2u);
    EXPECT_EQ(store.database(), "another");

    Files files(db(), pool_);
    std::vector<NewFile> all(1, file);
    ASSERT_TRUE(await(files.create(ana_, in, FileId::make(), all)));
    EXPECT_EQ(sweep(), 1u);
    EXPECT_EQ(store.older_than(at_once).size(), 1u);
    EXPECT_NE(store.database(), "another");

    // A row that comes back, as from a backup, finds its file again.
    const blobs::Stored stored{ana_.value, file.digest};
    ASSERT_TRUE(store.discard(stored, at_once));
    EXPECT_TRUE(await(originals.open(ana_.value, file.digest)));
    sweep();
    EXPECT_EQ(store.older_than(at_once).size(), 1u);
    std::filesystem::remove_all(folder);
}

TEST_F(SearchTest, AnswersFromTheMaterialsOfTheDemonstrationSchool) {
    await(seed_materials(db(), ana_));
    await(seed_materials(db(), ana_));  // harmless when repeated
    const auto count = await(db().query("SELECT count(*) FROM materials"));
    EXPECT_EQ(count[0].get<std::int64_t>(0), 3);
    const std::pair<const char*, const char*> questions[] = {
        {"What does chlorophyll do?", "Photosynthesis"},
        {"How do I divide by a fraction?", "Fractions"},
        {"what is the slope of a line through two points", "Lines and systems of equations"},
        {"Ano ang barangay at sino ang namumuno dito?", "Mula barangay hanggang kasarinlan"},
        {"Bakit maraming bulkan sa Pilipinas?", "Ang lupain at klima ng Pilipinas"},
        {"why do muscles burn without oxygen", "Cellular respiration"},
        {"difference betwen plant cel and animal cell", "Cells: the units of life"},
    };
    for (const auto& [question, title] : questions) {
        const auto found = find(ana_, question);
        ASSERT_FALSE(found.passages.empty()) << question;
        EXPECT_EQ(found.passages[0].title, title) << question;
        EXPECT_TRUE(found.answerable) << question;
    }
    for (const char* question :
         {"Who painted the Mona Lisa?", "How do black holes form?", "What is the plot of Hamlet?",
          "Sino ang sumulat ng Florante at Laura?", "How does a computer compiler work?"})
        EXPECT_FALSE(find(ana_, question).answerable) << question;
}

TEST_F(SearchTest, FindsEnglishTextsByFilipinoWordsOfSchool) {
    const auto in = material(ana_, "Databases");
    write(ana_, in, "Deleting",
          "The DELETE command removes rows from a table. Without a condition all rows go.");
    write(ana_, in, "Leaves", "Leaves are the kitchen of a plant. They make food from light.");
    const auto found = find(ana_, "Anong utos ang nagtatanggal ng hanay sa talahanayan?");
    ASSERT_FALSE(found.passages.empty());
    EXPECT_EQ(found.passages[0].title, "Deleting");
}

TEST_F(SearchTest, IsNotLedAwayByWordsOfEverydayLife) {
    const auto in = material(ana_, "Mixed");
    write(ana_, in, "Friends",
          "My friend and my uncle love school. My friend wondered about the weird week.");
    write(ana_, in, "Osmosis", "Water moves through a membrane to where more salt is. This is osmosis.");
    const auto found = find(ana_,
                            "My friend and my uncle wondered last week at school, it is weird: where does "
                            "water go through a membrane?");
    ASSERT_FALSE(found.passages.empty());
    EXPECT_EQ(found.passages[0].title, "Osmosis");
    EXPECT_TRUE(found.answerable);
}

TEST_F(SearchTest, ARenameWhileAFileIsReadLeavesItsTextInTheIndex) {
    const auto in = material(ana_, "Brought");
    Files files(db(), pool_);
    const std::vector<NewFile> all(1, NewFile{"scan.pdf", "application/pdf"});
    const auto id = FileId::make();
    await(files.create(ana_, in, id, all));

    // The reader has the material, and is about to commit; the rename has looked at the file before.
    db::Session reader(cluster().conninfo());
    reader.script("BEGIN; SELECT FROM materials WHERE id = '" + in.text() + "' FOR UPDATE");
    const FileChange change{"lesson.pdf", std::nullopt};
    std::optional<bool> renamed;
    const http::IfMatch always;
    boost::asio::co_spawn(executor(), files.change(ana_, in, id, change, always),
                          [&](std::exception_ptr failed, Result<File> file) { renamed = !failed && file; });
    let_run(std::chrono::milliseconds(300));
    ASSERT_FALSE(renamed) << "it waits for the reader";
    reader.script(
        "UPDATE files SET text = 'The needle is in here.', characters = 22, state = 'ready', "
        "version = version + 1 WHERE id = '" +
        id.text() + "'; COMMIT");
    for (int i = 0; i < 100 && !renamed; ++i) let_run(std::chrono::milliseconds(50));
    ASSERT_TRUE(renamed.value_or(false));
    EXPECT_EQ(find(ana_, "needle").passages.at(0).title, "lesson.pdf");
}

}  // namespace
}  // namespace bb::materials
