// scripts/lint-evidence, on a small repository with a document that claims too much, and on the real one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const good = `
\`api/a\` "it works", "it is refused"; \`unit/base/b\` "Suite.Works"; \`make run\`
| V1.1.1 | 1 | words | met | \`src/c.cpp\` |
| V1.1.2 | 2 | words | n/a | why |
| V1.2.1 | 1 | words | **NOT met** | why |
3 requirements: 1 met, 1 not applicable, 1 not met
### Not met, in one place
- V1.2.1 (why)
`;

function check(text) {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-evidence-"));
    try {
        for (const name of ["scripts", "docs", "src", "tests/api", "tests/unit/base"])
            mkdirSync(path.join(folder, name), { recursive: true });
        const write = (name, content) => writeFileSync(path.join(folder, name), content);
        cpSync(path.join(root, "scripts/lint-evidence"), path.join(folder, "scripts/lint-evidence"));
        write("Makefile", "all:\nrun: ## run\n");
        write("src/c.cpp", "");
        write("tests/api/a.test.mjs", 'test("it works", f);\ntest(\n    "it is refused", f);\n// "a word"\n');
        write("tests/unit/base/b_test.cpp", "TEST_F(Suite, Works) {\n}\n");
        write("docs/security.md", text);
        const done = spawnSync(path.join(folder, "scripts/lint-evidence"), { encoding: "utf8" });
        assert.equal(done.stderr, "");
        assert.equal(done.status, 1);
        const lines = done.stdout.trim().split("\n");
        return lines.filter((line) => !line.endsWith("ASVS 5.0 has 253"));
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

test("what docs/security.md claims holds", () => {
    const done = spawnSync(path.join(root, "scripts/lint-evidence"), { encoding: "utf8" });
    assert.equal(done.stdout + done.stderr, "");
    assert.equal(done.status, 0);
});

test("what exists is fine", () => assert.deepEqual(check(good), []));

for (const [what, from, to, fault] of [
    ["a test", "it works", "it flies", 'no test "it flies" in tests/api/a.test.mjs'],
    ["a text that is no test", "it works", "a word", 'no test "a word" in tests/api/a.test.mjs'],
    ["a unit test", "Suite.Works", "Suite.Work", 'no test "Suite.Work" in tests/unit/base/b_test.cpp'],
    ["a file of tests", "api/a", "api/z", "no file tests/api/z.test.mjs"],
    ["a source file", "src/c.cpp", "src/d.cpp", "no file src/d.cpp"],
    ["a target", "make run", "make hay", 'no target for "make hay"'],
    ["evidence", "`src/c.cpp`", "surely", "V1.1.1 is met without evidence"],
    ["a state", "| met |", "| nearly |", "V1.1.1 has no state"],
    ["an id of its own", "V1.1.2", "V1.1.1", "V1.1.1 stands there twice"],
    ["a right sum", "1 met,", "2 met,", "the table says"],
    ["a place in the list", "- V1.2.1 (why)", "- none", "V1.2.1 is not met, and not listed"],
    ["a reason to be listed", "- V1.2.1", "- V1.1.1, V1.2.1", "V1.1.1 is listed as not met, but is not so"],
])
    test(`${what} that is missing is named`, () => {
        const found = check(good.replace(from, to));
        assert.ok(
            found.some((line) => line.startsWith(`docs/security.md: ${fault}`)),
            found.join("\n"),
        );
    });
