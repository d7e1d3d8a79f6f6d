// The tools behind `make security` that are our own.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { read, serious } from "../../scripts/advisories.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

test("a report of advisories is read: each once, the serious ones told apart", () => {
    const text = readFileSync(path.join(root, "tests/support/recorded/npm-audit.json"), "utf8");
    const { findings } = read(text);
    assert.equal(findings.length, 1, "what is only affected through another is not counted again");
    assert.deepEqual(findings[0], {
        name: "minimist",
        severity: "critical",
        title: "Prototype Pollution in minimist",
        url: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
        range: ">=1.0.0 <1.2.6",
    });
    assert.equal(serious(findings).length, 1);
    assert.equal(serious([{ severity: "low" }, { severity: "moderate" }]).length, 1);
});

test("a registry that answers no audit is told from one that found nothing", () => {
    assert.deepEqual(read('{"auditReportVersion":2,"vulnerabilities":{}}'), { findings: [] });
    for (const text of ["<html>", '{"error":{"code":"ENOTSUP","summary":"no audits here"}}', "{}"])
        assert.ok(read(text).refused, text);
});

test("secrets in tracked files are found by kind and line, and never printed", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-secrets-"));
    try {
        const git = (...args) => execFileSync("git", args, { cwd: folder });
        git("init", "-q");
        const token = `ghp_${"a1B2".repeat(9)}`;
        const address = ["postgres", "://", "u:", "hunter2hunter2", "@db/x"].join("");
        writeFileSync(path.join(folder, "a.txt"), `one\ntoken = ${token}\n`);
        writeFileSync(path.join(folder, "b.txt"), `${address}\n`);
        writeFileSync(
            path.join(folder, "fine.txt"),
            `${token} not a secret\npostgresql://u:password@db.example/x\n`,
        );
        writeFileSync(path.join(folder, "untracked.txt"), token);
        git("add", "a.txt", "b.txt", "fine.txt");
        const done = spawnSync("node", [path.join(root, "scripts/secrets.mjs"), folder], {
            encoding: "utf8",
        });
        assert.equal(done.status, 1);
        assert.match(done.stdout, /^a\.txt:2: GitHub token$/m);
        assert.match(done.stdout, /^b\.txt:1: password in an address$/m);
        assert.match(done.stdout, /2 found in 3 files/);
        assert.ok(!done.stdout.includes(token));
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});

test("this repository holds none", () => {
    const done = spawnSync("node", [path.join(root, "scripts/secrets.mjs"), root], { encoding: "utf8" });
    assert.equal(done.status, 0, done.stdout);
});
