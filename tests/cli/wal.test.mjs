// Recovery to any second: physical backups, and the write-ahead log that follows them while a server writes it.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { archiveFrom, comparable, create, fill, upload } from "../support/archives.mjs";
import { fillDiskUp } from "../support/interruptions.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let folder, backups, key, server;
before(async () => {
    folder = temporaryFolder("bb-log");
    chmodSync(folder, 0o777); // the program gives up root
    backups = path.join(folder, "place");
    key = path.join(folder, "backup.key");
    assert.equal(spawnSync(program, ["backup", "keygen", key], { env: programEnvironment() }).status, 0);
    chmodSync(key, 0o644);
    server = await startServer({ env: { BACKUP_TO: backups, BACKUP_KEY_FILE: key } });
});
after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const json = (done) => {
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
};
const physical = async (on = server) =>
    json(await on.command("backup", "create", "--method", "physical", "--json"));
const restore = (on, ...words) => on.command("backup", "restore", ...words, "--yes", "--json", "--no-safety");
const status = async (on = server) => JSON.parse((await on.command("backup", "status", "--json")).stdout);
const emails = async (on = server) =>
    JSON.parse((await on.command("user", "list", "--json")).stdout)
        .users.map(({ email }) => email)
        .sort();

/** What a statement gives in the server's own database. */
const sql = (text) =>
    execFileSync(
        "psql",
        ["-h", path.join(server.dataFolder, "run"), "-U", "postgres", "-d", "brainbytes", "-Atc", text],
        { encoding: "utf8" },
    ).trim();

/** Waits until `what` gives something true. */
async function until(what, words, limit = 30_000) {
    for (const deadline = Date.now() + limit; ; await pause(200)) {
        const found = await what();
        if (found) return found;
        assert.ok(Date.now() < deadline, `${words}\n${server.tail(20)}`);
    }
}

/** Names of the pieces of the log in a place. */
function pieces(place = backups) {
    const found = [];
    for (const system of readdirSync(path.join(place, "wal")))
        for (const name of readdirSync(path.join(place, "wal", system)))
            if (name !== "quiet") found.push(path.join(place, "wal", system, name));
    return found.sort();
}

/** An empty machine: a server that never ran, beside the same place. */
async function emptyMachine() {
    const elsewhere = temporaryFolder("bb-elsewhere");
    const machine = await startServer({
        dataFolder: path.join(elsewhere, "data"),
        ready: false,
        env: { BACKUP_KEY_FILE: key },
    });
    await machine.kill();
    await machine.killAll();
    rmSync(machine.dataFolder, { recursive: true, force: true });
    machine.clear = async () => {
        await machine.stop();
        rmSync(elsewhere, { recursive: true, force: true });
    };
    return machine;
}

test("a physical backup is made beside a running server, listed, read back, and its log is followed", async () => {
    await fill(await server.as("ana@log.example"));
    const made = await physical();
    assert.equal(made.method, "physical");
    assert.ok(made.rows > 20 && made.files >= 1 && made.bytes > 100_000, JSON.stringify(made));
    assert.deepEqual(readdirSync(made.path).sort(), ["cluster.sealed", "files.sealed", "manifest.json"]);
    assert.equal(json(await server.command("backup", "list", "--json")).backups.at(-1).method, "physical");
    assert.match((await server.command("backup", "verify", made.id)).stderr, /Every byte was read, opened/);
    const { log } = await until(
        async () => (await status()).places.find((one) => one.log?.followed && one.log.recoverableTo),
        "the log is not followed",
    );
    assert.match(log.recoverable, /^from 20\S+Z to 20\S+Z$/);
    assert.ok(log.lagSeconds < 30 && log.bytes > 1_000, JSON.stringify(log));
    assert.match(
        (await server.command("backup", "status")).stdout,
        /\nlog\t.*\t\d+\.\d s behind\t.*any second from/,
    );
    const metrics = (await server.request("/api/metrics")).text;
    assert.match(metrics, /^brainbytes_wal_lag_seconds\{place="[^"]+"\} \d/m);
    assert.match(metrics, /^brainbytes_wal_behind_bytes\{place="[^"]+"\} \d/m);
    const office = await server.as("office@log.example", "administrator");
    const { logBehindBytes } = (await office.request("/api/admin/backups")).json;
    assert.ok(Number.isInteger(logBehindBytes) && logBehindBytes >= 0, String(logBehindBytes));
});

test("the state of a moment comes back: what was there then, and nothing that came later", async () => {
    const ben = await server.as("ben@log.example");
    const { cells } = await fill(ben);
    const then = comparable(await archiveFrom(server, ben));
    const people = await emails();
    await pause(50);
    const moment = new Date().toISOString();
    await pause(50);
    assert.equal((await ben.request(`/api/materials/${cells}`, { method: "DELETE" })).status, 204);
    await server.as("later@log.example");
    const done = json(await restore(server, "--at", moment));
    assert.equal(done.method, "physical");
    assert.equal(new Date(done.of).toISOString(), moment);
    assert.equal(done.missingFiles, 0);
    await until(async () => (await server.request("/readyz")).status === 200, "not ready");
    assert.deepEqual(await emails(), people);
    assert.deepEqual(comparable(await archiveFrom(server, ben)), then);
    assert.equal((await server.command("audit", "verify")).code, 0);
    assert.deepEqual(
        readdirSync(server.dataFolder).filter((name) => name === "recovering"),
        [],
        "the throw-away server is gone",
    );

    // The log goes on over the restore: what the restore took away comes back from before it.
    const newest = json(await restore(server, "--at", "latest"));
    assert.deepEqual(await emails(), people);
    assert.ok(new Date(newest.of) > new Date(moment));
});

test("a moment that cannot be recovered is refused, with what can be", async () => {
    const people = await emails();
    for (const moment of ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]) {
        const refused = await restore(server, "--at", moment);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /cannot be recovered from .* any second from 20\S+Z to 20\S+Z/);
    }
    assert.match((await restore(server, "--at", "yesterday")).stderr, /yesterday is no time\. Give one as/);
    assert.match((await restore(server, "latest", "--at", "latest")).stderr, /Which backup\?/);
    const nowhere = path.join(folder, "nowhere");
    assert.match(
        (await restore(server, "--at", "latest", "--from", nowhere)).stderr,
        /takes a physical backup/,
    );
    assert.deepEqual(await emails(), people);
});

test("a physical backup without its log is whole in itself, also to take one person from", async () => {
    const eva = await server.as("eva@log.example");
    await fill(eva);
    const alone = path.join(folder, "alone");
    const made = json(
        await server.command("backup", "create", "--method", "physical", "--to", alone, "--json"),
    );
    for (const { id } of (await eva.request("/api/materials")).json.materials)
        await eva.request(`/api/materials/${id}`, { method: "DELETE" });
    const words = ["backup", "extract", made.id, "--user", eva.email, "--from", alone, "--json"];
    assert.ok(json(await server.command(...words)).brought.materials.made >= 1);
    const tried = await server.command("backup", "verify", made.id, "--from", alone, "--restore");
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(
        tried.stderr,
        /It was restored in a throw-away place in \d+\.\d s: the data of .* rows in \d+ tables/,
    );
    const machine = await emptyMachine();
    try {
        json(await restore(machine, made.id, "--from", alone));
        assert.deepEqual(await emails(machine), await emails());
    } finally {
        await machine.clear();
    }
});

test("files that came after the physical backup come back from the backups around the moment", async () => {
    await physical();
    const mia = await server.as("mia@log.example");
    const material = await create(mia, "/api/materials", { title: "Moss" });
    const early = (await upload(mia, material, "early.txt", "Moss is soft.")).json.id;
    const moment = new Date().toISOString();
    await pause(50);
    json(await server.command("backup", "create", "--json"));
    const late = (await upload(mia, material, "late.txt", "Moss is green.")).json.id;
    await until(async () => (await status()).places[0].log.lagSeconds === 0, "the log stays behind");
    // The one is in a backup after the moment; of the newest moment it is in one before, and the other in none.
    for (const [at, there, gone] of [
        [moment, [early], []],
        ["latest", [early], [late]],
    ]) {
        const machine = await emptyMachine();
        try {
            const done = json(await restore(machine, "--at", at, "--from", backups));
            assert.equal(done.missingFiles, gone.length);
            await machine.start();
            const person = await machine.as(mia.email);
            const content = (id) => person.request(`/api/materials/${material}/files/${id}/content`);
            for (const id of there) assert.equal((await content(id)).text, "Moss is soft.");
            for (const id of gone) assert.notEqual((await content(id)).status, 200);
        } finally {
            await machine.clear();
        }
    }
});

test("the log goes on when its reader or the server is killed", async () => {
    const ended = sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name = 'brainbytes_wal'",
    );
    assert.equal(ended, "t");
    await server.as("after-reader@log.example");
    await server.kill();
    await server.start();
    await server.as("after-server@log.example");
    const people = await emails();
    const machine = await emptyMachine();
    try {
        await until(async () => (await status()).places[0].log.lagSeconds === 0, "the log stays behind");
        json(await restore(machine, "--at", "latest", "--from", backups));
        assert.deepEqual(await emails(machine), people);
    } finally {
        await machine.clear();
    }
});

test("after everything is lost at once, what was acknowledged until some seconds before is there", async () => {
    const ida = await server.as("ida@log.example");
    const acknowledged = [];
    const damage = pause(6_000).then(() => server.killAll());
    for (let number = 0; ; number += 1) {
        try {
            const { status: code } = await ida.request("/api/subjects", {
                method: "POST",
                json: { name: `Subject ${number}` },
                timeout: 5_000,
            });
            if (code !== 201) break;
            acknowledged.push(Date.now());
        } catch {
            break;
        }
    }
    const lost = Date.now();
    await damage;
    rmSync(path.join(server.dataFolder, "postgres"), { recursive: true });
    const began = Date.now();
    const done = json(await restore(server, "--at", "latest"));
    const rto = (Date.now() - began) / 1000;
    await server.start();
    const back = Number(sql("SELECT count(*) FROM subjects WHERE name LIKE 'Subject %'"));
    const rpo = (lost - (acknowledged[back - 1] ?? 0)) / 1000;
    console.log(
        `# RPO ${rpo.toFixed(2)} s, RTO of the database ${rto.toFixed(1)} s, ${back} of ${acknowledged.length}`,
    );
    assert.ok(back > 0 && back <= acknowledged.length + 1, `${back} of ${acknowledged.length}`);
    assert.ok(new Date(done.of) <= new Date(lost + 1_000));
    // Another server has another log: it begins with another physical backup.
    assert.equal((await status()).places[0].log.followed, false);
    await physical();
    await until(async () => (await status()).places[0].log.followed, "the new log is not followed");
});

test("a piece of the log that was changed or is missing is refused, and nothing is touched", async () => {
    await server.as("kim@log.example");
    await until(async () => (await status()).places[0].log.lagSeconds === 0, "the log stays behind");
    const people = await emails();
    const damaged = path.join(folder, "damaged");
    const spoil = (change) => {
        rmSync(damaged, { recursive: true, force: true });
        cpSync(backups, damaged, { recursive: true });
        change(pieces(damaged).at(-1));
        execFileSync("chmod", ["-R", "a+rwX", damaged]);
    };
    spoil((piece) => {
        const bytes = readFileSync(piece);
        bytes[bytes.length >> 1] ^= 4;
        writeFileSync(piece, bytes);
    });
    const changed = await restore(server, "--at", "latest", "--from", damaged);
    assert.equal(changed.code, 1, changed.stdout);
    assert.match(
        changed.stderr,
        /The piece wal\/\S+ of the write-ahead log in \S+ (was changed|does not open)/,
    );
    let end;
    spoil((piece) => {
        end = piece.slice(-23).replace(/^(....)(..)(..T..)(..)(.*)$/, "$1-$2-$3:$4:$5");
        rmSync(piece);
    });
    const missing = await restore(server, "--at", end, "--from", damaged);
    assert.equal(missing.code, 1, missing.stdout);
    assert.match(missing.stderr, /cannot be recovered from|takes a physical backup/);
    assert.deepEqual(await emails(), people);
    assert.equal((await server.request("/readyz")).status, 200);
});

test("pruning keeps what the seconds of the last days begin with, and its log", async () => {
    const first = json(await server.command("backup", "list", "--json")).backups.filter(
        ({ method }) => method === "physical",
    );
    const looked = json(await server.command("backup", "prune", "--dry-run", "--json")).backups;
    for (const { id } of first) assert.match(looked.find((one) => one.id === id).why, /last 7 days|newest/);
    const before = pieces().length;
    json(await server.command("backup", "prune", "--json"));
    assert.ok(pieces().length <= before + 3);
    json(await restore(server, "--at", "latest"));
});

test("a place without room does not stop the tutor, and the log goes on when there is room again", async (t) => {
    if (process.getuid() !== 0) return t.skip("only root may mount");
    const small = path.join(folder, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m,mode=777", "tmpfs", small]);
    const tight = await startServer({ env: { BACKUP_TO: small, BACKUP_KEY_FILE: key } });
    try {
        await physical(tight);
        fillDiskUp(path.join(small, "filler"));
        const ana = await tight.as("ana@tight.example");
        await fill(ana);
        await until(() => /the write-ahead log is not kept/.test(tight.tail(50)), "nobody is told");
        assert.equal((await ana.request("/api/materials")).status, 200);
        rmSync(path.join(small, "filler"));
        await until(
            async () => (await status(tight)).places[0].log?.lagSeconds === 0,
            "it does not go on",
            60_000,
        );
    } finally {
        await tight.stop();
        execFileSync("umount", [small]);
    }
});

test("a database of somebody else's that keeps its log without a bound is told so", async () => {
    const { startDatabase } = await import("../support/database.mjs");
    const database = await startDatabase();
    const tenant = await startServer({
        env: {
            DATABASE_URL: database.url,
            BRAINBYTES_SECRET: "a".repeat(40),
            BACKUP_TO: path.join(folder, "of-others"),
        },
    });
    try {
        const told = (await tenant.command("backup", "status")).stdout;
        assert.match(told, /^log\t\S+of-others\tnone is kept: .*max_slot_wal_keep_size/m);
        const refused = await tenant.command("backup", "create", "--method", "physical");
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /max_slot_wal_keep_size/);
        await database.query("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'");
        await database.query("SELECT pg_reload_conf()");
        await tenant.as("ana@tenant.example");
        await physical(tenant);
        await tenant.as("ben@tenant.example");
        await until(
            async () => (await status(tenant)).places[0].log?.lagSeconds === 0,
            "the log stays behind",
        );
        const people = await emails(tenant);
        await tenant.as("later@tenant.example");
        const done = json(await restore(tenant, "--at", "latest"));
        assert.equal(done.method, "physical");
        assert.ok((await emails(tenant)).length >= people.length);
        await database.query("CREATE ROLE lodger LOGIN");
        await database.query("CREATE DATABASE lodging OWNER lodger");
        const url = database.url.replace("/brainbytes?", "/lodging?").replace("user=tester", "user=lodger");
        const lodger = await startServer({
            env: {
                DATABASE_URL: url,
                BRAINBYTES_SECRET: "a".repeat(40),
                BACKUP_TO: path.join(folder, "of-lodger"),
            },
        });
        const may = await lodger.command("backup", "create", "--method", "physical");
        assert.equal(may.code, 1);
        const reason = /may not copy the files of its server\. Let it \(ALTER ROLE/;
        assert.match(may.stderr, reason);
        const stands = await lodger.command("backup", "status");
        assert.match(stands.stdout, /^log\t\S+of-lodger\tnone is kept: The database's account may not copy/m);
        const [place] = JSON.parse((await lodger.command("backup", "status", "--json")).stdout).places;
        assert.equal(place.log, null);
        assert.match(place.whyNoLog, reason);
        await lodger.stop();
    } finally {
        await tenant.stop();
        await database.stop();
    }
});
