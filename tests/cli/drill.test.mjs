// `brainbytes drill ...`: each misfortune happens for real in a throw-away installation, and is recovered from.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { fill } from "../support/archives.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
    await fill(await server.as("ana@drill.example"));
    const made = await server.command("backup", "create");
    assert.equal(made.code, 0, made.stderr);
});
after(() => server?.stop());

const hour = 3600;
for (const [scenario, rto] of [
    ["lost-database", 300],
    ["lost-host", 4 * hour],
    ["bad-migration", 300],
    ["deleted-files", hour],
    ["ransomware", 4 * hour],
    ["region-lost", 900],
]) {
    test(`${scenario}: the tutor answers again, everything is there, and the live data was not touched`, async () => {
        const users = (await server.command("user", "list")).stdout;
        const held = await server.command("drill", "run", "--scenario", scenario, "--json");
        assert.ok(held.stdout, held.stderr);
        const result = JSON.parse(held.stdout);
        // How fast a busy machine is says nothing here; that a missed goal is told does.
        const { rtoSeconds, rpoSeconds, targetRtoSeconds, targetRpoSeconds } = result;
        const inTime = rtoSeconds <= targetRtoSeconds && rpoSeconds <= targetRpoSeconds;
        console.log(`${scenario}: back in ${rtoSeconds.toFixed(1)} s, ${rpoSeconds.toFixed(1)} s lost`);
        assert.equal(held.code, inTime ? 0 : 1, held.stdout + held.stderr);
        const found = ["restore", "server", "sign-in", "chat"];
        if (scenario === "region-lost") found.push("name");
        const written = rto === 300 ? ["writes"] : [];
        assert.deepEqual(
            result.checks.map(({ name, good }) => [name, good]),
            [...found, ...written, "schema", "audit", "files"].map((name) => [name, true]),
        );
        // A moment is none of a backup, whose numbers would be others.
        assert.match(
            result.checks[0].detail,
            written.length > 0 ? /^to 20\S+Z$/ : /^\d+ rows and 1 files as in the manifest$/,
        );
        if (written.length > 0) assert.equal(result.targetRpoSeconds, 5);
        assert.equal(result.targetRtoSeconds, rto);
        assert.ok(rtoSeconds > 0 && rpoSeconds >= 0, held.stdout);
        assert.equal((await server.command("user", "list")).stdout, users);
        for (const left of ["drill", "drill.key"]) assert.ok(!existsSync(path.join(server.dataFolder, left)));
        const [newest] = JSON.parse((await server.command("drill", "history", "--json")).stdout).drills;
        assert.deepEqual([newest.scenario, newest.good], [scenario, inTime]);
    });
}

test("a drill in which nothing comes back has no times, and names what failed", async () => {
    const place = path.join(server.dataFolder, "backups");
    const [id] = readdirSync(place).filter((name) => /^\d{8}T/.test(name));
    const file = path.join(place, id, "database.sealed");
    const whole = readFileSync(file);
    const damaged = Buffer.from(whole);
    damaged[damaged.length >> 1] ^= 1;
    writeFileSync(file, damaged);
    const held = await server.command("drill", "run", "--json");
    const told = await server.command("drill", "run");
    writeFileSync(file, whole);
    assert.deepEqual([held.code, told.code], [1, 1]);
    const result = JSON.parse(held.stdout);
    assert.deepEqual([result.good, result.rtoSeconds, result.rpoSeconds], [false, null, null]);
    assert.deepEqual(
        result.checks.map(({ name, good }) => [name, good]),
        [["restore", false]],
    );
    assert.match(result.checks[0].detail, /changed|damaged/);
    assert.match(told.stdout, /^FAILED\trestore\t/);
    assert.match(told.stdout, /^time to recover\tnot recovered\tat most 4\.0 h$/m);
    assert.match(told.stdout, /^work lost\tall: nothing came back\tat most 24\.0 h$/m);
    const [newest] = JSON.parse((await server.command("drill", "history", "--json")).stdout).drills;
    assert.deepEqual([newest.good, newest.rtoSeconds, newest.rpoSeconds], [false, null, null]);
    const history = (await server.command("drill", "history")).stdout;
    assert.match(history, /^\S+\tFAILED\tlost-host\tnot recovered\twork lost all: nothing came back\n/);
    const { checks } = JSON.parse((await server.command("doctor", "--json")).stdout);
    const { found } = checks.find(({ name }) => name === "last drill");
    assert.match(found, /lost-host, not recovered, and it failed/);
});

test("a recovery that fails is a result too, and is told", async () => {
    const other = path.join(server.dataFolder, "other");
    const unable = await server.command("drill", "run", "--from", other);
    assert.equal(unable.code, 1);
    assert.match(unable.stderr, /There is no backup in /);
});

test("drills and runs of backups are remembered in an older database that comes back", async () => {
    const history = async () =>
        JSON.parse((await server.command("drill", "history", "--json")).stdout).drills;
    const before = await history();
    assert.ok(before.length > 0);
    const restored = await server.command("backup", "restore", "latest", "--yes", "--json");
    assert.equal(restored.code, 0, restored.stderr);
    assert.deepEqual(await history(), before);
    const status = JSON.parse((await server.command("backup", "status", "--json")).stdout);
    assert.equal(status.last.id, JSON.parse(restored.stdout).safetyBackup);
    // A backup that holds them already doubles nothing.
    const again = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await history(), before);
});
