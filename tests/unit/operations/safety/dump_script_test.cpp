#include "operations/safety/dump_script.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bb::safety {
namespace {

using Said = std::vector<std::string>;

/// What is made of a script that comes in pieces of `size` bytes.
Said taken_apart(std::string_view script, std::size_t size) {
    Said said;
    std::string rows;
    DumpScript::Use use;
    use.run = [&](const std::string& statements) {
        said.push_back("run " + statements);
    };
    use.begin = [&](const DumpScript::Table& table) {
        said.push_back(table.schema + "/" + table.name + ": " + table.copy);
        rows.clear();
    };
    use.rows = [&](std::string_view bytes) {
        rows += bytes;
    };
    use.end = [&](const DumpScript::Table&) {
        said.push_back("rows " + rows);
    };
    DumpScript dump(std::move(use));
    for (std::size_t at = 0; at < script.size(); at += size) dump.add(script.substr(at, size));
    dump.finish();
    return said;
}

std::string header(std::string_view name) {
    return "--\n-- Data for Name: " + std::string(name) +
           "; Type: TABLE DATA; Schema: public; Owner: -\n--\n\n";
}

TEST(DumpScript, TakesStatementsAndRowsApartWhereverThePiecesEnd) {
    const std::string script =
        "\\restrict abc\nSET x = 1;\n\nCREATE TABLE a (t text);\n" + header("a") +
        "COPY public.a (t) FROM stdin;\none\n\\\\.\n\n\\N\ntwo\\.\n\\.\n\n\n" + header("empty") +
        "COPY public.empty (t) FROM stdin;\n\\.\n\nCREATE INDEX i ON a (t);\n\\unrestrict abc\n";
    const Said wanted = {"run SET x = 1;\n\nCREATE TABLE a (t text);\n" + header("a"),
                         "public/a: COPY public.a (t) FROM stdin",
                         "rows one\n\\\\.\n\n\\N\ntwo\\.\n",
                         "run \n\n" + header("empty"),
                         "public/empty: COPY public.empty (t) FROM stdin",
                         "rows ",
                         "run \nCREATE INDEX i ON a (t);\n"};
    for (std::size_t size = 1; size <= script.size(); ++size)
        EXPECT_EQ(taken_apart(script, size), wanted) << size;
}

TEST(DumpScript, LeavesAFunctionThatCopiesAlone) {
    const std::string script = "CREATE FUNCTION f() AS $$\nCOPY public.a (t) FROM stdin;\n$$;\n";
    EXPECT_EQ(taken_apart(script, 7), Said{"run " + script});
}

TEST(DumpScript, RefusesAnEndAmongRows) {
    EXPECT_THROW(taken_apart(header("a") + "COPY public.a (t) FROM stdin;\none\n", 100), std::runtime_error);
}

}  // namespace
}  // namespace bb::safety
