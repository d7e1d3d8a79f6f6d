// Physical backups and recoveries that are killed or run out of disk: no half backup, nothing live touched, and the
// next try goes through. BB_LONG=1 runs each count in full.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { fill } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
import {
    fillDisk,
    fillDiskUp,
    killAtMoments,
    mountSmallDisk,
    startCommand,
} from "../support/interruptions.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

const runs = Number(process.env.BB_LONG ?? 0) ? 100 : 8;

let folder, backups, server;
before(async () => {
    folder = temporaryFolder("bb-physical");
    chmodSync(folder, 0o777);
    backups = path.join(folder, "place");
    server = await startServer({ env: { BACKUP_TO: backups } });
    await fill(await server.as("ana@physical.example"));
});
after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const make = ["backup", "create", "--method", "physical"];
const bringBack = ["backup", "restore", "--at", "latest", "--yes", "--no-safety"];
const start = (on, ...words) => startCommand(on.env, path.dirname(on.dataFolder), ...words);
const list = async (on, ...words) =>
    JSON.parse((await on.command("backup", "list", "--json", ...words)).stdout).backups;
const emails = async (on) =>
    JSON.parse((await on.command("user", "list", "--json")).stdout)
        .users.map(({ email }) => email)
        .sort();
const succeeds = async (on, ...words) => {
    const done = await on.command(...words);
    assert.equal(done.code, 0, done.stdout + done.stderr);
};
const sql = (on, text) =>
    execFileSync("psql", [
        ...["-h", path.join(on.dataFolder, "run"), "-U", "brainbytes", "-d", "brainbytes", "-XAtqc", text],
    ])
        .toString()
        .trim();
/** A table that compresses badly. */
const noise = (on, rows) =>
    sql(
        on,
        `CREATE TABLE noise AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') AS bytes
         FROM generate_series(1, ${rows * 8}) n GROUP BY n % ${rows}`,
    );

/** Waits until `what` gives something true. */
async function until(what, words, limit = 60_000) {
    for (const deadline = Date.now() + limit; ; await pause(20)) {
        if (await what()) return;
        assert.ok(Date.now() < deadline, words);
    }
}

const caughtUp = (on) =>
    until(async () => {
        const { places } = JSON.parse((await on.command("backup", "status", "--json")).stdout);
        return places[0].log?.lagSeconds === 0;
    }, "the log stays behind");

test(`a physical backup, killed at any moment ${runs} times, leaves whole backups alone`, async () => {
    const people = await emails(server);
    await killAtMoments(
        runs,
        () => start(server, ...make),
        async () => {
            for (const one of await list(server)) assert.equal(one.fault, undefined, JSON.stringify(one));
            assert.deepEqual(await emails(server), people);
        },
    );
    await succeeds(server, ...make);
    for (const { id } of await list(server)) await succeeds(server, "backup", "verify", id);
    assert.deepEqual(
        readdirSync(backups).filter((name) => name.startsWith(".unfinished")),
        [],
    );
});

test(`a recovery, killed at any moment ${runs} times, leaves the data of before or brings back all`, async () => {
    // Of a moment: the log of the copy does not go on.
    await caughtUp(server);
    const copy = path.join(folder, "copy");
    cpSync(backups, copy, { recursive: true });
    execFileSync("chmod", ["-R", "a+rwX", copy]);
    const then = await emails(server);
    const restore = [...bringBack, "--from", copy];
    let before;
    await killAtMoments(
        runs,
        async (at) => {
            await server.as(`since-${at}@physical.example`);
            before = await emails(server);
            return start(server, ...restore);
        },
        async () => {
            const now = await emails(server);
            assert.deepEqual(now, now.length === then.length ? then : before);
            await succeeds(server, "db", "verify");
            await succeeds(server, "audit", "verify");
        },
    );
    await succeeds(server, ...restore);
    assert.deepEqual(await emails(server), then);
    await until(async () => (await server.request("/readyz")).status === 200, "not ready");
    for (const left of ["recovering", "files.restoring"])
        assert.ok(!existsSync(path.join(server.dataFolder, left)), left);
    assert.equal(
        sql(server, "SELECT count(*) FROM pg_database WHERE datname LIKE '%_restoring'"),
        "0",
        "no half database is left",
    );
    await succeeds(server, "backup", "restore", "--purge", "--yes");
});

test("a disk that fills up while a physical backup is made is named, and nothing is left of it", async (context) => {
    const disk = path.join(folder, "small");
    const none = mountSmallDisk(disk, "20m");
    if (none) return context.skip(none);
    try {
        noise(server, 800_000);
        const refused = await server.command(...make, "--to", disk);
        assert.equal(refused.code, 1, refused.stdout);
        const [, wanted] =
            /There is no room for a backup in .*: \d+ MB are free, about (\d+) MB are needed/.exec(
                refused.stderr,
            );
        // Noise takes more than the estimate.
        execFileSync("mount", ["-o", `remount,size=${Number(wanted) + 2}m`, disk]);
        const full = await server.command(...make, "--to", disk);
        assert.equal(full.code, 1, full.stdout);
        assert.match(full.stderr, /The disk of .* is full\. Nothing was kept of this backup/);
        assert.deepEqual(await list(server, "--from", disk), []);
        execFileSync("mount", ["-o", "remount,size=600m", disk]);
        await succeeds(server, ...make, "--to", disk);
        assert.equal((await list(server, "--from", disk)).length, 1);
    } finally {
        sql(server, "DROP TABLE IF EXISTS noise");
        execFileSync("umount", [disk]);
    }
});

test("a disk that fills up during a recovery is named, and the data of before stays", async (context) => {
    const disk = path.join(folder, "narrow");
    const none = mountSmallDisk(disk, "600m");
    if (none) return context.skip(none);
    const narrow = await startServer({
        dataFolder: path.join(disk, "data"),
        env: { BACKUP_TO: path.join(folder, "of-narrow") },
    });
    try {
        await narrow.as("ana@narrow.example");
        noise(narrow, 100_000);
        await succeeds(narrow, ...make);
        await narrow.as("ben@narrow.example");
        await caughtUp(narrow);
        const people = await emails(narrow);
        const other = path.join(disk, "other");
        fillDisk(other, 60);
        const refused = await narrow.command(...bringBack);
        assert.equal(refused.code, 1, refused.stdout);
        const [, wanted] =
            /There is no room to recover in .*: \d+ MB are free, about (\d+) MB are needed/.exec(
                refused.stderr,
            );
        rmSync(other);
        fillDisk(other, Number(wanted) + 48); // the live one writes too
        const recovering = path.join(narrow.dataFolder, "recovering");
        const restoring = start(narrow, ...bringBack);
        let over = false;
        restoring.ended.then(() => (over = true));
        await until(
            () => over || existsSync(path.join(recovering, "postgres", "base")),
            "nothing is unpacked",
        );
        const more = path.join(disk, "more");
        fillDiskUp(more);
        const full = await restoring.ended;
        assert.equal(full.code, 1, full.stderr);
        assert.match(full.stderr, /cannot be written\. Is the disk full\?|is full|No space left on device/);
        for (const file of [other, more]) rmSync(file);
        assert.ok(!existsSync(recovering));
        assert.deepEqual(await emails(narrow), people);
        await succeeds(narrow, ...bringBack);
        assert.ok((await emails(narrow)).includes("ana@narrow.example"));
    } finally {
        await narrow.stop();
        execFileSync("umount", [disk]);
    }
});

test("two installations on one PostgreSQL have slots of their own, and the slot of an old name goes", async () => {
    const database = await startDatabase();
    const servers = [];
    const place = path.join(folder, "of-both");
    try {
        await database.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'");
        await database.query("SELECT pg_reload_conf()");
        await database.query("CREATE DATABASE second");
        const hash = `left(encode(sha256(convert_to('${place}', 'UTF8')), 'hex'), 8)`;
        await database.query(
            `SELECT pg_create_physical_replication_slot('brainbytes_wal_' || ${hash}, true)`,
        );
        for (const name of ["brainbytes", "second"]) {
            const env = {
                DATABASE_URL: database.url.replace("/brainbytes?", `/${name}?`),
                BRAINBYTES_SECRET: name.repeat(8),
                BACKUP_TO: place,
            };
            const one = await startServer({ env });
            servers.push(one);
            await succeeds(one, ...make);
        }
        const slots = async () =>
            JSON.stringify(
                await database.query(
                    "SELECT count(*) || '/' || count(*) FILTER (WHERE active) AS slots FROM pg_replication_slots",
                ),
            );
        await until(async () => (await slots()).includes("2/2"), "not each has its reader");
    } finally {
        for (const one of servers) await one.stop();
        await database.stop();
    }
});
