// What keeps data safe meets itself, a full disk, or a database that goes: one goes on, the other is told, and whatever
// was whole stays so.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { withinOneDay } from "../support/checks.mjs";
import { fill } from "../support/archives.mjs";
import { asOwner, startDatabase } from "../support/database.mjs";
import { fillDiskUp, mountSmallDisk, startCommand } from "../support/interruptions.mjs";
import { programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let folder, database, server;
before(async () => {
    await withinOneDay();
    folder = temporaryFolder("bb-meetings");
    chmodSync(folder, 0o777);
    database = await startDatabase(async () => "-c max_slot_wal_keep_size=1GB");
    const env = { DATABASE_URL: database.url, BACKUP_TO: path.join(folder, "place") };
    server = await startServer({ env });
    await fill(await server.as("ana@meetings.example"));
    await database.query(
        "CREATE TABLE bulk AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 1200000) n",
    );
});
after(async () => {
    await server?.stop();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const json = (done) => {
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
};
const command = (words) => server.command(...words.split(" "));
const users = async () => (await command("user list")).stdout;
async function until(what, words) {
    for (const deadline = Date.now() + 30_000; !(await what()); await pause(10))
        assert.ok(Date.now() < deadline, words);
}
const some = (sql) => async () => Number(await database.query(sql)) > 0;

test("of two restores at once one goes through, and the other is told", async () => {
    const { id } = json(await command("backup create --json"));
    await server.as("ben@meetings.example");
    const both = await Promise.all([1, 2].map(() => command(`backup restore ${id} --yes --no-safety`)));
    assert.deepEqual(
        both.map(({ code }) => code).sort(),
        [0, 1],
        both.map(({ stderr }) => stderr).join("\n"),
    );
    assert.match(both.find(({ code }) => code === 1).stderr, /Another restore .*is under way/);
    assert.ok(!(await users()).includes("ben@meetings.example"));
    json(await command("backup restore --purge --yes --json").then((done) => ({ ...done, stdout: "{}" })));
});

test("of two that prune at once neither takes more than one would", async () => {
    for (let made = 0; made < 4; made += 1) json(await command("backup create --json"));
    const newest = json(await command("backup list --json")).backups.at(-1).id;
    const both = await Promise.all([1, 2].map(() => command("backup prune")));
    assert.ok(
        both.some(({ code }) => code === 0),
        both.map(({ stderr }) => stderr).join("\n"),
    );
    for (const { code, stderr } of both)
        if (code !== 0) assert.match(stderr, /Another backup is being made or removed/);
    assert.deepEqual(
        json(await command("backup list --json")).backups.map(({ id }) => id),
        [newest],
    );
    assert.equal((await command("backup verify")).code, 0);
});

test("prune works where the disk is full", async (context) => {
    const disk = path.join(folder, "full");
    const none = mountSmallDisk(disk, "200m");
    if (none) return context.skip(none);
    try {
        const at = `--from ${disk}/place`;
        for (let made = 0; made < 3; made += 1)
            json(await command(`backup create --json --to ${disk}/place`));
        fillDiskUp(path.join(disk, "other"));
        const newest = json(await command(`backup list --json ${at}`)).backups.at(-1).id;
        const pruned = await command(`backup prune ${at}`);
        assert.equal(pruned.code, 0, pruned.stderr);
        assert.deepEqual(
            json(await command(`backup list --json ${at}`)).backups.map(({ id }) => id),
            [newest],
        );
        assert.equal((await command(`backup verify ${at}`)).code, 0);
    } finally {
        execFileSync("umount", [disk]);
    }
});

test("a database elsewhere needs no room on the disk of the data folder", async (context) => {
    const disk = path.join(folder, "small");
    const none = mountSmallDisk(disk, "80m");
    if (none) return context.skip(none);
    try {
        await database.query("CREATE DATABASE elsewhere");
        const url = database.url.replace("/brainbytes?", "/elsewhere?");
        const env = programEnvironment({ DATABASE_URL: url, BRAINBYTES_DATA: path.join(disk, "data") });
        const key = path.join(server.dataFolder, "backup.key");
        const words = ["--from", path.join(folder, "place"), "--key", key, "--yes", "--no-safety"];
        const { code, stderr } = await startCommand(env, disk, "backup", "restore", "latest", ...words).ended;
        assert.equal(code, 0, stderr);
    } finally {
        execFileSync("umount", ["-l", disk]);
        await database.query("DROP DATABASE elsewhere WITH (FORCE)");
    }
});

test("a migration on a full disk fails whole, and goes through when there is room", async (context) => {
    const disk = path.join(folder, "narrow");
    const none = mountSmallDisk(disk, "150m");
    if (none) return context.skip(none);
    // The server goes on: only what this database writes is on the small disk.
    execFileSync("install", ["-d", "-o", "postgres", path.join(disk, "space")]);
    await database.query(`CREATE TABLESPACE narrow LOCATION '${disk}/space'`);
    await database.query("CREATE DATABASE narrow TABLESPACE narrow");
    const url = database.url.replace("/brainbytes?", "/narrow?");
    const env = programEnvironment({ DATABASE_URL: url, BRAINBYTES_DATA: path.join(folder, "of-narrow") });
    const run = (...words) => startCommand(env, folder, ...words).ended;
    const columns =
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'";
    const psql = [
        "-h",
        database.socket,
        "-U",
        "tester",
        "-d",
        "narrow",
        "-XAtqc",
        `${columns} ORDER BY 1, 2`,
    ];
    const schema = async () => (await asOwner("psql", psql)).stdout;
    try {
        assert.equal((await run("db", "migrate", "--to", "1")).code, 0);
        const before = await schema();
        assert.match(before, /^users\|id\|/m);
        fillDiskUp(path.join(disk, "other"));
        const full = await run("db", "migrate", "--to", "2");
        assert.equal(full.code, 1, full.stderr);
        assert.match(full.stderr, /No space left on device/);
        assert.equal(await schema(), before);
        rmSync(path.join(disk, "other"));
        const again = await run("db", "migrate", "--phase", "all");
        assert.equal(again.code, 0, again.stderr);
        assert.equal((await run("db", "verify")).code, 0);
    } finally {
        await database.query("DROP DATABASE narrow WITH (FORCE)");
        await database.query("DROP TABLESPACE narrow");
        execFileSync("umount", ["-l", disk]);
    }
});

test("a database that is restarted while its files are copied fails that copy, and nothing is left of it", async () => {
    const making = command("backup create --method physical");
    await until(some("SELECT count(*) FROM pg_stat_progress_basebackup"), "nothing is copied");
    await database.restart();
    const made = await making;
    assert.equal(made.code, 1, made.stdout);
    assert.match(made.stderr, /pg_basebackup|terminat|closed|database/i);
    assert.deepEqual(
        readdirSync(path.join(folder, "place")).filter((name) => name.startsWith(".unfinished")),
        [],
    );
    json(await command("backup create --method physical --json"));
});

test("a database that is restarted while a moment is brought back has the data of before", async () => {
    await server.as("cleo@meetings.example");
    await until(async () => {
        const { places } = json(await command("backup status --json"));
        return places[0].log?.lagSeconds === 0;
    }, "the log stays behind");
    await server.as("dina@meetings.example");
    const before = await users();
    const restoring = command("backup restore --at latest --yes --no-safety");
    await until(
        some("SELECT count(*) FROM pg_database WHERE datname LIKE '%_restoring'"),
        "nothing is loaded",
    );
    await database.restart();
    const restored = await restoring;
    assert.equal(restored.code, 1, restored.stdout);
    assert.match(restored.stderr, /terminat|closed|database/i);
    assert.equal(await users(), before);
    const again = await command("backup restore --at latest --yes --no-safety");
    assert.equal(again.code, 0, again.stderr);
    assert.ok((await users()).includes("cleo@meetings.example"));
});
