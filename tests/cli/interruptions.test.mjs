// Migrations and restores that are killed, lose their database or their disk: what was there stays, and the next try
// goes through. BB_LONG=1 runs each count in full.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { fill, upload } from "../support/archives.mjs";
import { asOwner, startDatabase } from "../support/database.mjs";
import { fillDisk, killAtMoments, mountSmallDisk, startCommand } from "../support/interruptions.mjs";
import { programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const long = Number(process.env.BB_LONG ?? 0);
const runs = long ? 100 : 6;

let database, folder;
before(async () => {
    database = await startDatabase();
    folder = temporaryFolder("bb-interrupted");
    chmodSync(folder, 0o777);
});
after(async () => {
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const urlOf = (name) => database.url.replace("/brainbytes?", `/${name}?`);

/** A command on a database of its own. */
function start(name, ...words) {
    const env = programEnvironment({ DATABASE_URL: urlOf(name), BRAINBYTES_DATA: path.join(folder, name) });
    return startCommand(env, folder, ...words);
}
const run = (name, ...words) => start(name, ...words).ended;

/** Waits until this statement counts something. */
async function until(sql) {
    for (const deadline = Date.now() + 30_000; Number(await database.query(sql)) < 1; await pause(5))
        assert.ok(Date.now() < deadline, sql);
}

/** Migrates what is left, and finds the schema as it should be. */
async function finishes(name) {
    const last = await run(name, "db", "migrate", "--phase", "all");
    assert.equal(last.code, 0, last.stderr);
    const verified = await run(name, "db", "verify");
    assert.equal(verified.code, 0, verified.stderr);
}

test(`migrate, killed at any moment ${runs} times, is finished by the next`, async () => {
    await killAtMoments(
        runs,
        async (at) => {
            await database.query(`CREATE DATABASE killed_${at}`);
            return start(`killed_${at}`, "db", "migrate");
        },
        async (at) => {
            await finishes(`killed_${at}`);
            await database.query(`DROP DATABASE killed_${at} WITH (FORCE)`);
        },
    );
});

test("migrate, whose database is restarted, says so and is finished by the next", async () => {
    await database.query("CREATE DATABASE restarted");
    assert.equal((await run("restarted", "db", "migrate", "--to", "6")).code, 0);
    // The next one changes this table, and waits for it: so it is under way when the restart comes.
    const busy = "BEGIN; LOCK TABLE users; SELECT pg_sleep(60)";
    const holder = asOwner("psql", ["-h", database.socket, "-U", "tester", "-d", "restarted", "-c", busy]);
    const held = assert.rejects(holder);
    const here = "database = (SELECT oid FROM pg_database WHERE datname = 'restarted')";
    await until(`SELECT count(*) FROM pg_locks WHERE ${here} AND mode = 'AccessExclusiveLock'`);
    const migrating = start("restarted", "db", "migrate");
    await until(`SELECT count(*) FROM pg_locks WHERE ${here} AND locktype = 'advisory' AND granted`);
    await database.restart();
    await held;
    const { code, stderr } = await migrating.ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /database (cannot be used|refused)|terminat|closed/i);
    await finishes("restarted");
});

test("of two that migrate at once one waits for the other", async () => {
    await database.query("CREATE DATABASE twice");
    const both = await Promise.all([run("twice", "db", "migrate"), run("twice", "db", "migrate")]);
    for (const { code, stderr } of both) assert.equal(code, 0, stderr);
    await finishes("twice");
});

test("restore, whose database is restarted, leaves the data of before", async () => {
    const server = await startServer({
        env: { DATABASE_URL: database.url, BACKUP_TO: path.join(folder, "backups") },
    });
    try {
        await fill(await server.as("ana@faults.example"));
        await database.query(
            "CREATE TABLE bulk AS SELECT n, md5(n::text) AS text FROM generate_series(1, 1200000) n",
        );
        assert.equal((await server.command("backup", "create")).code, 0);
        await server.as("ben@faults.example");
        const users = async () => (await server.command("user", "list")).stdout;
        const before = await users();
        const restoring = server.command("backup", "restore", "latest", "--yes", "--no-safety");
        await until("SELECT count(*) FROM pg_database WHERE datname LIKE '%restoring'");
        await database.restart();
        const { code, stderr } = await restoring;
        assert.equal(code, 1, stderr);
        assert.match(stderr, /pg_restore|terminat|closed|database/i);
        assert.equal(await users(), before);
        const again = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
        assert.equal(again.code, 0, again.stderr);
        assert.ok(!(await users()).includes("ben@faults.example"));
    } finally {
        await server.stop();
        await database.query("DROP TABLE IF EXISTS bulk");
    }
});

test("a disk that fills up while data is restored leaves the data of before", async (context) => {
    const disk = path.join(folder, "small");
    const none = mountSmallDisk(disk, "700m");
    if (none) return context.skip(none);
    const server = await startServer({
        dataFolder: path.join(disk, "data"),
        env: { BACKUP_TO: path.join(folder, "elsewhere") },
    });
    try {
        const query = (sql) =>
            execFileSync("psql", [
                ...["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtqc", sql, "brainbytes"],
            ]).toString();
        await fill(await server.as("ana@faults.example"));
        query(
            "CREATE TABLE bulk AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 700000) n",
        );
        assert.equal((await server.command("backup", "create")).code, 0);
        await server.as("ben@faults.example");
        const users = async () => (await server.command("user", "list")).stdout;
        const before = await users();
        fillDisk(path.join(disk, "other"), 45);
        const full = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
        assert.equal(full.code, 1, full.stdout);
        assert.match(full.stderr, /no room to restore in .*: 4[345] MB are free, about \d+ MB are needed/);
        assert.match(full.stderr, /Nothing was touched/);
        rmSync(path.join(disk, "other"));
        const ready = async () => (await fetch(`${server.url}/readyz`)).status;
        const filling = server.command("backup", "restore", "latest", "--yes", "--no-safety");
        let over = false;
        filling.then(() => (over = true));
        while (!over && query("SELECT count(*) FROM pg_database WHERE datname LIKE '%restoring'") === "0\n")
            await pause(5);
        fillDisk(path.join(disk, "other"), 50);
        const given = await filling;
        assert.equal(given.code, 1, given.stdout);
        assert.match(
            given.stderr,
            /nearly full, and the live database needs what is left. Nothing was changed/,
        );
        assert.equal(await ready(), 200);
        assert.equal(query("SELECT count(*) FROM pg_database WHERE datname LIKE '%restoring'"), "0\n");
        rmSync(path.join(disk, "other"));
        assert.equal(await users(), before);
        const again = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
        assert.equal(again.code, 0, again.stderr);
        assert.ok(!(await users()).includes("ben@faults.example"));
    } finally {
        await server.stop();
        execFileSync("umount", [disk]);
    }
});

const files = long ? 10_000 : 150;
const rows = long ? 5_000_000 : 50_000;
test(`${files} files and a table of ${rows} rows come back`, async () => {
    const server = await startServer({ env: { BACKUP_TO: path.join(folder, "many") } });
    try {
        const ana = await server.as("ana@many.example");
        const query = (sql) =>
            execFileSync("psql", [
                ...["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtqc", sql, "brainbytes"],
            ])
                .toString()
                .trim();
        query(`CREATE TABLE bulk AS SELECT n, md5(n::text) AS text FROM generate_series(1, ${rows}) n`);
        let material;
        for (let at = 0; at < files; at += 1) {
            // A material holds so many files, and no more.
            if (at % 50 === 0) {
                const json = { title: `Shelf ${at / 50}` };
                material = (await ana.request("/api/materials", { method: "POST", json })).json.id;
            }
            const { status, text } = await upload(
                ana,
                material,
                `${at}.txt`,
                `Note ${at}: ${"leaf ".repeat(at % 40)}`,
            );
            assert.equal(status, 201, text);
        }
        const stored = () => readdirSync(path.join(server.dataFolder, "files"), { recursive: true }).length;
        const before = stored();
        const made = await server.command("backup", "create", "--json");
        assert.equal(made.code, 0, made.stderr);
        assert.equal(JSON.parse(made.stdout).files, files);
        query("DROP TABLE bulk");
        rmSync(path.join(server.dataFolder, "files"), { recursive: true });
        const back = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
        assert.equal(back.code, 0, back.stderr);
        assert.equal(query("SELECT count(*) || ' ' || max(n) FROM bulk"), `${rows} ${rows}`);
        assert.equal(stored(), before);
        assert.equal((await server.command("db", "verify")).code, 1); // the table that is nobody's
    } finally {
        await server.stop();
    }
});
