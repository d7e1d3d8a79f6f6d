// `brainbytes backup ...` on the real program: made beside a running server, brought back under it and onto
// an empty machine, refused whole when anything about it is wrong.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    chmodSync,
    cpSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { archiveFrom, comparable, fill } from "../support/archives.mjs";
import { withinOneDay } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let server, backups, key;
before(async () => {
    await withinOneDay();
    backups = path.join(temporaryFolder("bb-backups"), "place");
    chmodSync(path.dirname(backups), 0o777); // the program gives up root, and makes the folder
    key = path.join(path.dirname(backups), "backup.key");
    const options = { env: programEnvironment(), encoding: "utf8" };
    const made = spawnSync(program, ["backup", "keygen", key], options);
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /^[\w-]{43}\n$/);
    assert.match(readFileSync(key, "utf8"), new RegExp(`^public ${made.stdout.trim()}$`, "m"));
    server = await startServer({ env: { BACKUP_TO: backups, BACKUP_KEY_FILE: key } });
});
after(async () => {
    await server?.stop();
    rmSync(path.dirname(backups), { recursive: true, force: true });
});

const json = (done) => {
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
};
const create = async (on = server) => json(await on.command("backup", "create", "--json"));
const list = async () => json(await server.command("backup", "list", "--json")).backups;
const restore = async (...words) => server.command("backup", "restore", ...words);

test("a backup is made beside a running server, listed and read back", async () => {
    const ana = await server.as("ana@backup.example");
    await fill(ana);
    const made = await create();
    assert.equal(made.path, path.join(backups, made.id));
    assert.equal(made.method, "logical");
    assert.equal(made.missingFiles, 0);
    assert.ok(
        made.files >= 1 && made.rows > 20 && made.bytes > 5_000 && made.seconds > 0,
        JSON.stringify(made),
    );
    assert.match(made.walPosition, /^[0-9A-F]+\/[0-9A-F]+$/);
    assert.deepEqual(readdirSync(made.path).sort(), ["database.sealed", "files.sealed", "manifest.json"]);
    const { seconds, ...rest } = made;
    const listed = (await list()).at(-1);
    assert.equal(listed.seconds, seconds);
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(listed[name], value, name);
    const read = await server.command("backup", "verify");
    assert.equal(read.stdout, `${made.id}\n`);
    assert.match(read.stderr, /Every byte was read, opened and is as it was written/);
    assert.doesNotMatch(readFileSync(path.join(made.path, "manifest.json"), "utf8"), /@/);
});

test("what was written since goes, what was deleted since is back, and the server goes on", async () => {
    const ben = await server.as("ben@backup.example");
    await fill(ben);
    const before = comparable(await archiveFrom(server, ben));
    const made = await create();
    for (const { id } of (await ben.request("/api/materials")).json.materials)
        assert.equal((await ben.request(`/api/materials/${id}`, { method: "DELETE" })).status, 204);
    await server.as("later@backup.example");

    const looked = await restore(made.id, "--dry-run");
    assert.equal(looked.code, 0, looked.stderr);
    assert.match(looked.stderr, /What was written since is lost, the last of it at 20\d\d-/);
    assert.match(looked.stderr, /\n {2}users: \d+ rows now, \d+ in the backup\n/);
    const planned = json(await restore(made.id, "--dry-run", "--json"));
    assert.deepEqual(
        [planned.id, planned.method, planned.empty, planned.erasedAgain, planned.fault],
        [made.id, "logical", false, 0, null],
    );
    assert.equal(planned.schema, made.schema);
    assert.ok(planned.lastWrite > planned.of, JSON.stringify(planned));
    const people = planned.changes.find(({ table }) => table === "users");
    assert.equal(people.live, people.restored + 1);
    const unasked = await restore(made.id);
    assert.equal(unasked.code, 1);
    assert.match(unasked.stderr, /Nothing was changed\. Add --yes/);

    const done = json(await restore(made.id, "--yes", "--json"));
    assert.equal(done.id, made.id);
    assert.match(done.formerDatabase, /^brainbytes_before_/);
    assert.ok(done.secondsAway < 10, JSON.stringify(done));
    // The safety backup holds what was there; the restored data is served by the same process.
    assert.equal((await list()).find(({ id }) => id === done.safetyBackup).reason, "before restore");
    // Each of its loops connects anew by itself.
    for (const deadline = Date.now() + 15_000; ; await pause(100)) {
        const answer = await ben.request("/api/me/export");
        if (answer.status === 200) break;
        assert.equal(answer.status, 503, answer.text);
        assert.ok(Date.now() < deadline, server.tail());
    }
    assert.deepEqual(comparable(await archiveFrom(server, ben)), before);
    const users = await server.command("user", "list");
    assert.doesNotMatch(users.stdout, /later@backup\.example/);
    const log = await server.command("audit", "list", "--action", "backup.restored");
    assert.match(log.stdout, new RegExp(made.id));
    assert.equal((await server.command("audit", "verify")).code, 0);

    // And back again, from the safety backup; then the former databases go.
    json(await restore(done.safetyBackup, "--yes", "--json", "--no-safety"));
    assert.match((await server.command("user", "list")).stdout, /later@backup\.example/);
    const purged = await server.command("backup", "restore", "--purge", "--yes");
    assert.equal(purged.stdout.trim().split("\n").length, 2, purged.stdout);
    assert.match((await server.command("backup", "restore", "--purge")).stderr, /No former database/);
});

test("who was erased since is erased again, also with the files", async () => {
    const eva = await server.as("eva@backup.example");
    await fill(eva);
    const made = await create();
    const gone = await server.command("user", "erase", eva.email, "--now");
    assert.equal(gone.code, 0, gone.stderr);
    const id = gone.stderr.match(/knows the account as ([0-9a-f-]{36})/)[1];
    const done = json(await restore(made.id, "--yes", "--json"));
    assert.ok(done.erasedAgain >= 1);
    assert.doesNotMatch((await server.command("user", "list")).stdout, /eva@/);
    assert.ok(!existsSync(path.join(server.dataFolder, "files", id)));
    assert.match(readFileSync(path.join(backups, "erased"), "utf8"), new RegExp(id));
});

test("an empty machine with only the backups and the key is whole after one command", async () => {
    const ida = await server.as("ida@backup.example");
    await fill(ida);
    const before = comparable(await archiveFrom(server, ida));
    const made = await create();
    const elsewhere = temporaryFolder("bb-empty");
    const empty = await startServer({ dataFolder: path.join(elsewhere, "data"), ready: false });
    await empty.kill();
    await empty.killAll();
    rmSync(empty.dataFolder, { recursive: true, force: true });
    try {
        const command = ["backup", "restore", "latest", "--from", backups, "--key", key, "--json"];
        const done = json(await empty.command(...command));
        assert.equal(done.id, made.id);
        assert.equal(done.formerDatabase, "");
        empty.options.ready = true;
        await empty.start();
        const there = await empty.as(ida.email);
        assert.deepEqual(
            comparable(await archiveFrom(empty, there)),
            before,
            "files are opened by the secret",
        );
    } finally {
        await empty.stop();
        rmSync(elsewhere, { recursive: true, force: true });
    }
});

test("an empty folder and a database elsewhere take a backup of one machine, and its secret by name", async () => {
    const ida = await server.as("ida@backup.example");
    await create();
    const before = comparable(await archiveFrom(server, ida));
    const database = await startDatabase();
    const elsewhere = temporaryFolder("bb-moved");
    chmodSync(elsewhere, 0o777);
    const secret = readFileSync(path.join(server.dataFolder, "secret"), "utf8").trim();
    const env = {
        DATABASE_URL: database.url,
        BRAINBYTES_SECRET: secret,
        BRAINBYTES_DATA: `${elsewhere}/data`,
    };
    try {
        const empty = spawnSync(program, ["backup", "status"], {
            env: programEnvironment(env),
            encoding: "utf8",
        });
        assert.equal(empty.status, 1);
        assert.match(empty.stderr, /has no schema of this program yet: start the server once/);
        const words = ["backup", "restore", "latest", "--from", backups, "--key", key, "--json"];
        const done = spawnSync(program, words, { env: programEnvironment(env), encoding: "utf8" });
        assert.equal(done.status, 0, done.stderr);
        const moved = await startServer({ dataFolder: env.BRAINBYTES_DATA, env });
        try {
            assert.deepEqual(comparable(await archiveFrom(moved, await moved.as(ida.email))), before);
        } finally {
            await moved.stop({ keep: true });
        }
    } finally {
        await database.stop();
        rmSync(elsewhere, { recursive: true, force: true });
    }
});

test("another database is filled by --into, also one whose account may make none", async () => {
    const database = await startDatabase();
    try {
        await database.query("CREATE ROLE lodger LOGIN");
        await database.query("CREATE DATABASE lodging OWNER lodger");
        const made = await create();
        const url = database.url.replace("/brainbytes?", "/lodging?").replace("user=tester", "user=lodger");
        const done = json(await restore(made.id, "--into", url, "--json"));
        assert.equal(done.formerDatabase, "");
        const again = await restore(made.id, "--into", url, "--yes", "--no-safety");
        assert.equal(again.code, 1);
        assert.match(again.stderr, /may not make a database beside the live one\. Let it/);
    } finally {
        await database.stop();
    }
});

test("a wrong key and a changed archive are refused, and nothing is touched", async () => {
    const made = await create();
    const users = (await server.command("user", "list")).stdout;
    const other = path.join(path.dirname(backups), "other.key");
    await server.command("backup", "keygen", other);
    const wrong = await restore(made.id, "--yes", "--key", other);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /This backup key does not open the backup .* It is sealed to: [\w-]{43}/);
    const publicOnly = path.join(path.dirname(backups), "public.key");
    writeFileSync(publicOnly, readFileSync(key, "utf8").match(/^public .*$/m)[0] + "\n");
    assert.match((await restore(made.id, "--yes", "--key", publicOnly)).stderr, /no private key/);
    assert.match((await restore(made.id, "--yes", "--key", "/nonexistent")).stderr, /cannot be read/);
    assert.match((await restore("20200101T000000Z-000000", "--yes")).stderr, /There is no backup 2020/);

    const damaged = path.join(path.dirname(backups), "damaged");
    const spoil = (file, change) => {
        rmSync(damaged, { recursive: true, force: true });
        mkdirSync(damaged, { recursive: true });
        cpSync(made.path, path.join(damaged, made.id), { recursive: true });
        chmodSync(path.join(damaged, made.id), 0o755); // who runs the program is not who runs this test
        for (const part of readdirSync(path.join(damaged, made.id)))
            chmodSync(path.join(damaged, made.id, part), 0o644);
        const target = path.join(damaged, made.id, file);
        writeFileSync(target, change(readFileSync(target)));
    };
    const flip = (bytes) => {
        bytes[bytes.length >> 1] ^= 4;
        return bytes;
    };
    for (const [file, change] of [
        ["database.sealed", flip],
        ["files.sealed", flip],
        ["database.sealed", (bytes) => bytes.subarray(0, bytes.length - 100)],
        ["files.sealed", (bytes) => bytes.subarray(0, 10)],
        ["manifest.json", flip],
    ]) {
        spoil(file, change);
        const refused = await restore(made.id, "--yes", "--no-safety", "--from", damaged);
        assert.equal(refused.code, 1, file);
        assert.match(refused.stderr, /changed|cut off|cannot be used/, `${file}: ${refused.stderr}`);
        assert.equal((await server.command("backup", "verify", made.id, "--from", damaged)).code, 1);
        assert.equal((await server.command("user", "list")).stdout, users);
    }
    assert.equal((await server.request("/readyz")).status, 200);
    const left = await server.command("db", "status");
    assert.equal(left.code, 0, left.stderr);
});

test("what breaks off leaves nothing that looks like a backup", async () => {
    const before = (await list()).length;
    mkdirSync(path.join(backups, ".unfinished-20200101T000000Z-aaaaaa"));
    assert.equal((await list()).length, before);
    await create();
    assert.ok(
        !existsSync(path.join(backups, ".unfinished-20200101T000000Z-aaaaaa")),
        "the next one tidies up",
    );
    const nowhere = await server.command("backup", "create", "--to", "/proc/backups");
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /Backups cannot be kept in \/proc\/backups/);
});

test("of a day the newest stays, and what is held", async () => {
    const ordinary = async () =>
        (await list()).filter(({ reason }) => reason !== "before restore").map(({ id }) => id);
    const [first, last] = await ordinary().then((all) => [all[0], all.at(-1)]);
    assert.equal((await server.command("backup", "hold", first)).code, 0);
    const looked = json(await server.command("backup", "prune", "--dry-run", "--json"));
    const pruned = json(await server.command("backup", "prune", "--json"));
    assert.deepEqual(pruned.backups, looked.backups);
    assert.equal(pruned.backups.find(({ id }) => id === first).why, "held");
    assert.match(pruned.backups.find(({ id }) => id === last).why, /^newest, day 1 of 7/);
    assert.deepEqual(await ordinary(), [first, last]);
    assert.equal((await server.command("backup", "hold", first, "--release")).code, 0);
    await server.command("backup", "prune");
    assert.deepEqual(await ordinary(), [last]);
});

test("without a configured key one is made, and the operator told to copy it away", async () => {
    const plain = await startServer();
    try {
        const made = await plain.command("backup", "create");
        assert.equal(made.code, 0, made.stderr);
        assert.match(made.stderr, /backup\.key, which is lost with this machine\. Copy it to another place/);
        assert.ok(existsSync(path.join(plain.dataFolder, "backup.key")));
        assert.match(made.stdout, new RegExp(`^${plain.dataFolder}/backups/`));
        assert.equal((await plain.command("backup", "verify")).code, 0);
    } finally {
        await plain.stop();
    }
});

test("one person's data comes back, and nobody else's is touched", async () => {
    const materials = (archive) => Object.entries(archive).filter(([name]) => name.startsWith("materials/"));
    const [joy, kim] = await Promise.all(["joy", "kim"].map((name) => server.as(`${name}@backup.example`)));
    await Promise.all([fill(joy), fill(kim)]);
    const before = comparable(await archiveFrom(server, joy));
    const made = await create();
    for (const { id } of (await joy.request("/api/materials")).json.materials)
        await joy.request(`/api/materials/${id}`, { method: "DELETE" });
    await kim.request("/api/subjects", { method: "POST", json: { name: "Afterwards" } });
    const kims = comparable(await archiveFrom(server, kim));
    json(await server.command("backup", "extract", made.id, "--user", joy.email, "--json"));
    assert.ok(Object.values(before).includes("Mitochondria make power."), "the uploaded file");
    assert.deepEqual(materials(comparable(await archiveFrom(server, joy))), materials(before));
    assert.deepEqual(comparable(await archiveFrom(server, kim)), kims);
    const nobody = await server.command("backup", "extract", made.id, "--user", "nobody@backup.example");
    assert.match(nobody.stderr, /In the backup: /);
    assert.equal((await server.command("user", "erase", kim.email, "--now")).code, 0);
    await server.command("user", "create", kim.email);
    const erased = await server.command("backup", "extract", made.id, "--user", kim.email);
    assert.match(erased.stderr, /was erased since, and what was erased stays so/);
});

test("the schedule says what a server does by itself, and when next", async () => {
    const { code, stdout, stderr } = await server.command("backup", "schedule", "--json");
    assert.equal(code, 0, stderr);
    const [backup, physical, drill] = JSON.parse(stdout).schedule;
    assert.deepEqual(
        [backup, physical, drill].map(({ what, everyHours }) => [what, everyHours]),
        [
            ["backup", 24],
            ["physical backup", 7 * 24],
            ["drill", 30 * 24],
        ],
    );
    // The last one was made just now: a day, and some minutes by which nodes differ.
    const wait = Date.parse(backup.next) - Date.parse(backup.last);
    assert.ok(wait >= 24 * 3_600_000 && wait < 24.5 * 3_600_000, stdout);
    assert.ok(Date.parse(drill.next) > Date.now());
    const told = await server.command("backup", "schedule");
    assert.match(told.stdout, /^backup\tevery 24 hours\tlast 20\S+Z\tnext 20\S+Z$/m);
});

test("the status names what would be lost now", async () => {
    const done = await server.command("backup", "status", "--json");
    assert.equal(done.code, 0, done.stderr);
    const status = JSON.parse(done.stdout);
    assert.ok(status.rpoSeconds < 600 && status.last.id, done.stdout);
    assert.equal(status.rpoSecondsWithDisk, null, "the backups lie on the disk of the data");
    assert.deepEqual(
        status.places.map(({ path: folder }) => folder),
        [backups],
    );
    const fresh = await startServer();
    try {
        const none = await fresh.command("backup", "status");
        assert.equal(none.code, 1);
        assert.match(none.stdout, /lost if the database were lost now\teverything/);
    } finally {
        await fresh.stop();
    }
});

test("a second folder gets a whole copy, and what is no folder is refused", async () => {
    const [first, second] = ["one", "two"].map((name) => path.join(path.dirname(backups), name));
    const twice = await startServer({ env: { BACKUP_TO: `${first},${second}`, BACKUP_KEY_FILE: key } });
    try {
        const made = await create(twice);
        for (const place of [first, second]) {
            assert.deepEqual(readdirSync(path.join(place, made.id)).sort(), readdirSync(made.path).sort());
            const read = await twice.command("backup", "verify", made.id, "--from", place);
            assert.match(read.stderr, /opened and is as it was written/);
        }
        const status = JSON.parse((await twice.command("backup", "status", "--json")).stdout);
        assert.deepEqual(
            status.places.map(({ backups: count }) => count),
            [1, 1],
        );
        const elsewhere = await twice.command("backup", "create", "--to", "ftp://school/backups");
        assert.match(elsewhere.stderr, /folders of this machine or s3:\/\/BUCKET\/PREFIX/);
    } finally {
        await twice.stop();
    }
    const env = programEnvironment({ BACKUP_TO: "ftp://school/backups" });
    const checked = spawnSync(program, ["config", "check"], { env, encoding: "utf8" });
    assert.equal(checked.status, 2);
    assert.match(checked.stderr, /BACKUP_TO .* must be folders of this machine/);
});
