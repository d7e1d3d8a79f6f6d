// What runs leave for the checklist: scripts/evidence, and when test, security and load-test call it. On a small
// repository, with stand-ins for all that takes long.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { root, temporaryFolder } from "../support/server.mjs";

const scripts = ["evidence", "test", "security", "load-test"];
const standIns = {
    "scripts/packages": "",
    "scripts/node-packages": "",
    "scripts/build": "",
    "scripts/fuzz": 'echo "ok    parser"',
    "bin/brainbytes": "",
    "build/release/unit/unit_a": 'eval "$DURING"; echo "[  PASSED  ] 2 tests."',
    "build/asan/unit/unit_a": 'echo "[  PASSED  ] 2 tests."',
    "tools/node":
        'case "$*" in *advisories*) exit "${ADVISORIES:-0}" ;; *attack*) exit "${ATTACK:-0}" ;; esac',
    "tools/cmake": "",
    "tools/ninja": "",
    "tools/artillery": "",
};

/** A repository with our scripts: { run(env, script, ...words), git(...words), record(name), folder }. */
function workplace(t) {
    const folder = temporaryFolder();
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const write = (name, text) => {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
        chmodSync(path.join(folder, name), 0o755);
    };
    for (const [name, text] of Object.entries(standIns)) write(name, `#!/bin/sh\n${text}\n`);
    for (const name of scripts) cpSync(path.join(root, "scripts", name), path.join(folder, "scripts", name));
    write("a.txt", "a\n");
    write(".gitignore", "/build/\nnode_modules\n/evidence/\n");
    const env = {
        PATH: `${folder}/tools:${process.env.PATH}`,
        HOME: folder,
        TMPDIR: path.join(folder, "build"),
    };
    const git = (...words) =>
        execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...words], {
            cwd: folder,
            env,
            encoding: "utf8",
        }).trim();
    git("init", "-q");
    git("add", ".");
    git("commit", "-q", "-m", "one");
    const run = (more, script, ...words) =>
        spawnSync(path.join(folder, "scripts", script), words, {
            env: { ...env, ...more },
            encoding: "utf8",
        });
    const record = (name, where = "build/evidence") => {
        const file = path.join(folder, where, `${name}.json`);
        return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    };
    return { folder, git, run, record };
}

const all = ["unit", "api", "cli", "web", "fuzz"];
const commitSomething =
    'echo b >>"$PWD/a.txt"; git -c user.name=t -c user.email=t@example.org commit -qam two';

test("a run is recorded with the commit that it began with", (t) => {
    const place = workplace(t);
    const commit = place.git("rev-parse", "HEAD");
    const done = place.run({}, "test");
    assert.equal(done.status, 0, done.stderr + done.stdout);
    const record = place.record("tests");
    assert.deepEqual(
        [record.commit, record.changed, record.result, record.detail],
        [commit, false, "passed", "3 passed, 0 failed"],
    );
    assert.equal(place.run({ EVIDENCE_FOLDER: "evidence" }, "test").status, 0);
    assert.deepEqual(place.record("tests"), record);
    assert.equal(place.record("tests", "evidence").result, "passed");
});

for (const [what, during] of [
    ["somebody commits meanwhile", commitSomething],
    ["a file is changed meanwhile", "echo b >>a.txt"],
    ["a file comes meanwhile", "echo b >b.txt"],
])
    test(`a run counts as changed when ${what}`, (t) => {
        const place = workplace(t);
        const commit = place.git("rev-parse", "HEAD");
        assert.equal(place.run({ DURING: during }, "test").status, 0);
        assert.equal(place.record("tests").commit, commit);
        assert.equal(place.record("tests").changed, true);
    });

test("a run counts as changed when it began beside a change that was committed meanwhile", (t) => {
    const place = workplace(t);
    writeFileSync(path.join(place.folder, "a.txt"), "b\n");
    assert.equal(place.run({ DURING: commitSomething }, "test").status, 0);
    assert.equal(place.record("tests").changed, true);
});

test("what was not seen to begin counts as changed", (t) => {
    const place = workplace(t);
    assert.equal(place.run({}, "evidence", "tests", "passed", 'a "word"').status, 0);
    assert.equal(place.record("tests").changed, true);
    assert.equal(place.record("tests").detail, "a word");
    place.run({}, "evidence", "begin", "tests");
    place.run({}, "evidence", "tests", "passed", "");
    assert.equal(place.record("tests").changed, false);
});

test("tests are recorded when all suites ran, in whatever order, and all their files", (t) => {
    const place = workplace(t);
    for (const [more, ...suites] of [
        [{}, "unit"],
        [{}, "unit", "unit", "unit", "unit", "unit"],
        [{ FILES: "x" }],
    ]) {
        assert.equal(place.run(more, "test", ...suites).status, 0);
        assert.equal(place.record("tests"), undefined);
    }
    assert.equal(place.run({}, "test", ...all.toReversed(), "unit").status, 0);
    assert.equal(place.record("tests").result, "passed");
});

test("a scan is recorded as passed only when every step looked", (t) => {
    const place = workplace(t);
    assert.equal(place.run({}, "security", "secrets").status, 0);
    assert.equal(place.record("security"), undefined);
    const skipped = place.run({ ADVISORIES: "3" }, "security");
    assert.equal(skipped.status, 0, skipped.stdout + skipped.stderr);
    assert.match(skipped.stdout, /not everything was looked at: advisories/);
    assert.equal(place.record("security").result, "skipped");
    assert.match(place.record("security").detail, /not looked at: advisories/);
    // Only advisories may be left out: the same exit code of another step is a fault.
    assert.equal(place.run({ ATTACK: "3" }, "security").status, 1);
    assert.equal(place.record("security").result, "failed");
    const done = place.run({}, "security");
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.deepEqual([place.record("security").result, place.record("security").changed], ["passed", false]);
});

test("a load test is recorded without options alone", (t) => {
    const place = workplace(t);
    const url = "http://127.0.0.1:1";
    assert.equal(place.run({}, "load-test", url, "--overrides", "{}").status, 0);
    assert.equal(place.run({ BRAINBYTES_URL: url }, "load-test", "--overrides", "{}").status, 0);
    assert.equal(place.record("load-test"), undefined);
    assert.equal(place.run({}, "load-test", url).status, 0);
    const record = place.record("load-test");
    assert.deepEqual(
        [record.result, record.changed, record.detail],
        ["passed", false, `load-test.yml on ${url}`],
    );
});
