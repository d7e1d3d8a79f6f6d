// `brainbytes verify` on a host: everything is looked at, and what is wrong is named.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startModel } from "../support/model.mjs";
import { freePort, startServer } from "../support/server.mjs";

let model, server;
const look = async (...words) => {
    const { code, stdout, stderr } = await server.command("verify", "--json", ...words);
    const report = JSON.parse(stdout);
    const of = (result) => report.probes.filter((one) => one.result === result).map(({ name }) => name);
    return { code, stderr, report, passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
};

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

test("a new installation lacks a backup, and nothing else", async () => {
    const { code, failed, stderr } = await look();
    assert.equal(code, 3);
    assert.deepEqual(failed, ["backup"]);
    assert.match(stderr, /backup: none was made/);
    assert.equal((await server.command("backup", "create")).code, 0);
});

test("a whole one passes, with an answer to each probe; the report is kept", async () => {
    await server.command("user", "create", "office@example.org", "--role", "administrator");
    const { code, report, passed, skipped, stderr } = await look("--mail-as", "office@example.org");
    assert.equal(code, 0, stderr);
    assert.ok(report.probes.every(({ answer, seconds }) => answer && seconds >= 0));
    const expected = [
        "DNS",
        "health",
        "version",
        "headers",
        "metrics",
        "sign-in: e-mail code",
        "sign-in: passkey",
    ];
    expected.push("materials", "upload", "chat", "completion", "deletion", "e-mail", "backup", "migrations");
    for (const name of expected)
        assert.ok(passed.includes(name), `${name}: ${JSON.stringify(report.probes)}`);
    const shown = existsSync("/usr/bin/chromium") ? [] : ["phone layout", "theme"];
    assert.deepEqual(skipped.sort(), ["TLS", "sign-in: GitHub", ...shown].sort());
    const folder = path.join(server.dataFolder, "verifications");
    const newest = readdirSync(folder).sort().at(-1);
    assert.deepEqual(JSON.parse(readFileSync(path.join(folder, newest), "utf8")), report);
    const ana = await server.as("smoke-test@brainbytes.invalid");
    const { json } = await ana.request("/api/materials");
    assert.deepEqual(json.materials, []); // nothing is left of it
});

test("where nobody answers, each probe says so", async () => {
    const { code, failed } = await look("--url", `http://127.0.0.1:${await freePort()}`);
    assert.equal(code, 1);
    for (const name of [
        "health",
        "version",
        "headers",
        "metrics",
        "sign-in: session",
        "materials",
        "completion",
    ])
        assert.ok(failed.includes(name), name);
});
