// What happens to backups and restores when something dies or runs out: nothing that looks like a backup is left,
// nothing live is touched, and the next try goes through. BB_LONG=1 runs each count in full.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { fill } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
import { killAtMoments, startCommand } from "../support/interruptions.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

const runs = Number(process.env.BB_LONG ?? 0) ? 100 : 6;

let server, folder, backups, database, uploaded;
before(async () => {
    folder = temporaryFolder("bb-faults");
    chmodSync(folder, 0o777);
    backups = path.join(folder, "backups");
    server = await startServer({ env: { BACKUP_TO: backups } });
    const ana = await server.as("ana@faults.example");
    const { cells } = await fill(ana);
    const [{ id }] = (await ana.request(`/api/materials/${cells}/files`)).json.files;
    uploaded = () => ana.request(`/api/materials/${cells}/files/${id}/content`);
    assert.equal((await server.command("backup", "create")).code, 0);
});
after(async () => {
    await server?.stop();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});

/** Runs this on the private database of a server. */
const query = ({ dataFolder }, sql) =>
    execFileSync("psql", ["-h", `${dataFolder}/run`, "-U", "brainbytes", "-XAtqc", sql, "brainbytes"])
        .toString()
        .trim();
const start = (...words) => startCommand(server.env, path.dirname(server.dataFolder), ...words);

const list = async () => JSON.parse((await server.command("backup", "list", "--json")).stdout).backups;
const unfinished = () => readdirSync(backups).filter((name) => name.startsWith(".unfinished"));
const emails = async () =>
    JSON.parse((await server.command("user", "list", "--json")).stdout)
        .users.map(({ email }) => email)
        .sort();
/** Waits for what is asked to be answered again: connections begin anew after a restore. */
async function answered(ask) {
    for (const deadline = Date.now() + 15_000; ; await pause(100)) {
        const answer = await ask();
        if (answer.status === 200) return answer;
        assert.ok(Date.now() < deadline, `${answer.status} ${answer.text}\n${server.tail()}`);
    }
}

test(`create, killed at any moment ${runs} times, leaves whole backups alone`, async () => {
    await killAtMoments(
        runs,
        () => start("backup", "create"),
        async () => {
            for (const one of await list()) assert.equal(one.fault, undefined, JSON.stringify(one));
        },
    );
    for (const { id } of await list())
        assert.equal((await server.command("backup", "verify", id)).code, 0, id);
    const last = await server.command("backup", "create");
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(unfinished(), []);
});

test(`prune, killed at any moment ${runs} times, leaves whole backups alone and the newest among them`, async () => {
    assert.equal((await server.command("backup", "prune")).code, 0); // so that each has as much to do
    let newest;
    await killAtMoments(
        runs,
        async () => {
            if ((await list()).length < 2) await server.command("backup", "create");
            newest = (await list()).at(-1).id;
            return start("backup", "prune");
        },
        async () => {
            const left = await list();
            assert.equal(left.at(-1).id, newest);
            for (const one of left) assert.equal(one.fault, undefined, JSON.stringify(one));
        },
    );
    const last = await server.command("backup", "prune");
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(unfinished(), []);
});

test(`restore, killed at any moment ${runs} times, leaves the data of before or the backup's`, async () => {
    assert.equal((await server.command("backup", "create")).code, 0);
    const then = await emails();
    let before;
    await killAtMoments(
        runs,
        async (at) => {
            await server.as(`since-${at}@faults.example`);
            before = await emails();
            return start("backup", "restore", "latest", "--yes", "--no-safety");
        },
        async () => {
            const now = await emails();
            assert.deepEqual(now, now.length === then.length ? then : before);
            await answered(() => server.request("/readyz"));
            assert.equal((await answered(uploaded)).text, "Mitochondria make power.");
            const verified = await server.command("db", "verify");
            assert.equal(verified.code, 0, verified.stdout);
        },
    );
    const last = await server.command("backup", "restore", "latest", "--yes", "--no-safety");
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(await emails(), then);
    await answered(() => server.request("/readyz"));
    assert.equal((await answered(uploaded)).text, "Mitochondria make power.");
    for (const left of ["files.restoring", "files.aside"])
        assert.ok(!readdirSync(server.dataFolder).includes(left), left);
    assert.equal((await server.command("backup", "restore", "--purge", "--yes")).code, 0);
});

test("a live database that is damaged is told, and replaced all the same", async () => {
    const broken = await startServer();
    try {
        await fill(await broken.as("bo@faults.example"));
        assert.equal((await broken.command("backup", "create")).code, 0);
        const file = path.join(
            broken.dataFolder,
            "postgres",
            query(broken, "SELECT pg_relation_filepath('messages')"),
        );
        await broken.stop({ keep: true });
        writeFileSync(file, Buffer.alloc(8192, 7));
        const refused = await broken.command("backup", "restore", "latest", "--yes");
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /The live database is damaged: .*(invalid page|checksum|verif)/i);
        assert.match(refused.stderr, /nothing was changed\. If it is worth nothing, add --no-safety/);
        const restored = await broken.command("backup", "restore", "latest", "--yes", "--no-safety");
        assert.equal(restored.code, 0, restored.stderr);
        assert.equal((await broken.command("db", "verify", "--deep")).code, 0);
        await broken.start();
        const bo = await broken.as("bo@faults.example");
        assert.equal((await bo.request("/api/threads")).json.threads.length, 1);
    } finally {
        await broken.stop();
    }
});

test("of two at once one is made, and the other told who makes it", async () => {
    // Enough that neither is through before the other begins.
    query(server, "CREATE TABLE bulk AS SELECT n, md5(n::text) AS text FROM generate_series(1, 600000) n");
    const both = await Promise.all([server.command("backup", "create"), server.command("backup", "create")]);
    query(server, "DROP TABLE bulk");
    assert.deepEqual(both.map(({ code }) => code).sort(), [0, 1]);
    const told = both.find(({ code }) => code === 1).stderr;
    assert.match(told, /Another backup is being made or removed in .* \(process \d+\)/);
});

test("a database that is stopped in the middle fails the backup, and nothing is left of it", async () => {
    database = await startDatabase();
    const env = { DATABASE_URL: database.url, BACKUP_TO: path.join(folder, "outside") };
    const outside = await startServer({ env });
    try {
        // Too much to be through while the restart begins.
        await database.query(
            "CREATE TABLE bulk AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 1200000) n",
        );
        const making = outside.command("backup", "create");
        const copying =
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY %bulk%'";
        for (const deadline = Date.now() + 30_000; Number(await database.query(copying)) < 1;)
            assert.ok(Date.now() < deadline, "nothing is copied");
        await database.restart();
        const made = await making;
        assert.equal(made.code, 1, made.stdout);
        assert.match(made.stderr, /pg_dump|terminat|closed|database/i);
        assert.deepEqual(
            readdirSync(env.BACKUP_TO).filter((name) => !/^\.lock$/.test(name)),
            [],
        );
        const again = await outside.command("backup", "create");
        assert.equal(again.code, 0, again.stderr);
    } finally {
        await outside.stop();
    }
});

test("a full disk is named, and nothing is left that looks like a backup", async (context) => {
    if (process.getuid() !== 0) return context.skip("only root may mount a small disk");
    const disk = path.join(folder, "small");
    mkdirSync(disk);
    try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=30m,mode=777", "tmpfs", disk], { stdio: "pipe" });
    } catch (fault) {
        return context.skip(`no small disk can be mounted here: ${fault.stderr}`);
    }
    try {
        const outside = await startServer({ env: { DATABASE_URL: database.url, BACKUP_TO: disk } });
        try {
            const made = await outside.command("backup", "create");
            assert.equal(made.code, 1, made.stdout);
            assert.match(
                made.stderr,
                /There is no room for a backup in .*: \d+ MB are free, about \d+ MB are needed/,
            );
            // Noise takes more than the quarter of the database that is foreseen.
            await database.query(
                `CREATE TABLE noise AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') AS bytes
                 FROM generate_series(1, 4000000) n GROUP BY n % 40000`,
            );
            const refused = await outside.command("backup", "create");
            const [, wanted] = /about (\d+) MB are needed/.exec(refused.stderr);
            execFileSync("mount", ["-o", `remount,size=${Number(wanted) + 2}m`, disk]);
            const full = await outside.command("backup", "create");
            assert.equal(full.code, 1, full.stdout);
            assert.match(full.stderr, /The disk of .* is full\. Nothing was kept of this backup/);
            const left = readdirSync(disk).filter((name) => name !== ".lock");
            assert.deepEqual(left, []);
        } finally {
            await outside.stop();
        }
    } finally {
        execFileSync("umount", [disk]);
    }
});
