// Which backup is chosen, what goes along with the data, and what may follow a restore.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
    chmodSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    truncateSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { fill } from "../support/archives.mjs";
import { startCommand } from "../support/interruptions.mjs";
import {
    folderOnAnotherDisk,
    program,
    programEnvironment,
    startServer,
    temporaryFolder,
} from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(async () => server?.stop());

const query = (sql) =>
    execFileSync("psql", [
        ...["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtqc", sql, "brainbytes"],
    ]).toString();
const json = (done) => {
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
};
const command = (words) => server.command(...words.split(" "));

test("a run of a time to come, and one to elsewhere, are none that the next is counted from", async () => {
    query(`INSERT INTO backup_runs (id, started_at, reason, backup, bytes, seconds) VALUES
        (gen_random_uuid(), now() + interval '1 year', 'scheduled', '20281128T000000Z-000000', 1, 1)`);
    json(await command(`backup create --json --to ${path.join(server.dataFolder, "elsewhere")}`));
    const none = await command("backup status --json");
    assert.equal(none.code, 1, "nothing is in the place of the backups");
    assert.equal(JSON.parse(none.stdout).last, null);
    assert.equal(JSON.parse(none.stdout).rpoSecondsWithDisk, null);
    const { id, path: folder } = json(await command("backup create --json"));
    const status = json(await command("backup status --json"));
    assert.equal(status.last.id, id);
    assert.ok(status.rpoSeconds >= 0 && status.rpoSeconds < 3600, JSON.stringify(status));
    assert.ok(Date.parse(status.next) < Date.now() + 2 * 86_400_000, status.next);
    truncateSync(path.join(folder, "database.sealed"), 10);
    const damaged = await command("backup status");
    assert.equal(damaged.code, 1);
    assert.match(damaged.stdout, /1 backups, 1 of them damaged/);
    rmSync(folder, { recursive: true });
    assert.equal((await command("backup status")).code, 1, "it is gone, whatever was noted");
});

test("the status counts the uploads that are in no backup away from the disk of the data", async (t) => {
    const away = folderOnAnotherDisk(server.dataFolder, "bb-away");
    if (!away) return t.skip("no other disk here");
    const place = path.join(away, "place");
    const other = await startServer({ env: { BACKUP_TO: place, BACKUP_WAL_DAYS: "0" } });
    const told = async () =>
        /^lost if the disk of the data were lost now\t(.*)$/m.exec((await status()).stdout)[1];
    const status = (...words) => other.command("backup", "status", ...words);
    const filesAtRisk = async () => JSON.parse((await status("--json")).stdout).filesAtRisk;
    try {
        await fill(await other.as("ana@status.example"));
        assert.deepEqual([await told(), await filesAtRisk()], ["everything", 1]);
        const { createdAt } = json(await other.command("backup", "create", "--json"));
        assert.match(await told(), /^the last \S+ seconds$/);
        assert.equal(await filesAtRisk(), 0);
        await fill(await other.as("ben@status.example"));
        assert.match(await told(), /^the last \S+ seconds and 1 uploaded file since 20\S+Z$/);
        assert.ok((await told()).endsWith(createdAt));
        assert.equal(await filesAtRisk(), 1);
    } finally {
        await other.stop();
        rmSync(away, { recursive: true, force: true });
    }
});

test("the latest is none that is damaged or made of what a restore replaced, and prune keeps it", async () => {
    const place = path.join(server.dataFolder, "choice");
    const at = (words) => command(`${words} --from ${place}`);
    const make = async () => json(await command(`backup create --json --to ${place}`)).id;
    const whole = await make();
    const cut = await make();
    truncateSync(path.join(place, cut, "files.sealed"), 10);
    const dry = await at("backup restore latest --dry-run");
    assert.match(
        dry.stderr,
        new RegExp(`Newer, and damaged: ${cut}: files.sealed has 10 bytes instead of \\d+`),
    );
    assert.match(dry.stderr, new RegExp(`Backup ${whole}`));
    const read = await at("backup verify");
    assert.equal(read.code, 1);
    assert.match(read.stderr, new RegExp(`The newest backup in ${place} is damaged .*Whole is ${whole}`));
    const pruned = await at("backup prune --dry-run");
    assert.match(pruned.stdout, new RegExp(`${whole}\tkept\tnewest`));
    assert.match(pruned.stdout, new RegExp(`${cut}\tkept\tdamaged`));
    rmSync(path.join(place, cut), { recursive: true });
    const restored = json(await at(`backup restore ${whole} --yes --json`));
    const why = Object.fromEntries(
        json(await at("backup prune --json")).backups.map((one) => [one.id, `${one.kept} ${one.why}`]),
    );
    assert.match(why[whole], /^true newest, day 1 of 7/);
    assert.equal(why[restored.safetyBackup], "true of what a restore replaced: for 7 days");
    const again = json(await at("backup restore latest --yes --no-safety --json"));
    assert.match(restored.safetyBackup, /^\d{8}T/);
    assert.equal(again.id, whole);
});

test("each place is read back, and the one that is damaged named", () => {
    const places = ["first", "second"].map((name) => path.join(server.dataFolder, name));
    const env = { ...server.env, BACKUP_TO: places.join() };
    const run = (...words) => {
        const options = { env, cwd: path.dirname(server.dataFolder), encoding: "utf8" };
        const { status, stdout, stderr } = spawnSync(program, ["backup", ...words], options);
        return { code: status, stdout, stderr };
    };
    const { id } = json(run("create", "--json"));
    const whole = run("verify");
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(whole.stdout, `${id}\n${id}\n`);
    for (const place of places) assert.match(whole.stderr, new RegExp(`${place}/${id}: Every byte was read`));
    const file = path.join(places[1], id, "database.sealed");
    const good = readFileSync(file);
    writeFileSync(
        file,
        good.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
    );
    const flipped = run("verify");
    assert.equal(flipped.code, 1, flipped.stdout);
    assert.equal(flipped.stdout, `${id}\n`, "the first is whole");
    assert.match(flipped.stderr, new RegExp(`${places[1]}/${id}: database.sealed was changed`));
    assert.equal(run("verify", "--from", places[0]).code, 0);
    const second = (...words) => run(...words, "--from", places[1]);
    const [{ fault }] = json(second("list", "--json")).backups;
    assert.match(fault, /backup verify" found it changed/);
    assert.match(second("restore", "latest", "--dry-run").stderr, /There is no backup .* that can be used/);
    assert.match(second("prune").stdout, new RegExp(`${id}\tkept\tdamaged`));
    assert.equal(second("verify", id).code, 1);
    writeFileSync(file, good);
    assert.equal(second("verify", id).code, 0);
    assert.match(second("prune").stdout, new RegExp(`${id}\tkept\tnewest`));
    assert.deepEqual(...places.map((place) => readdirSync(path.join(place, id)).sort()));
    const alone = json(run("create", "--json", "--to", places[0])).id;
    const elsewhere = run("verify", alone);
    assert.equal(elsewhere.code, 0, elsewhere.stderr);
    assert.match(elsewhere.stderr, new RegExp(`There is no backup ${alone} in ${places[1]}`));
    rmSync(path.join(places[1], id), { recursive: true });
    const none = run("verify");
    assert.equal(none.code, 1, none.stdout);
    assert.match(none.stderr, new RegExp(`There is no backup in ${places[1]}`));
});

test("after a restore, rolling the schema back asks how far", async () => {
    const made = json(await command("backup create --json"));
    json(await command(`backup restore ${made.id} --yes --no-safety --json`));
    await server.stop({ keep: true });
    const back = await command("db rollback --yes");
    assert.equal(back.code, 1);
    assert.match(back.stderr, /was restored at .*to take one more back would be one too many.*--to \d+/);
    await server.start();
});

test("settings, trusted keys and ledgers are in a backup", async () => {
    for (const [name, text] of [
        ["trust/ABC.pub", "key"],
        ["releases/ledger.jsonl", "{}"],
        ["stages/production.jsonl", "{}"],
    ]) {
        const file = path.join(server.dataFolder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
    }
    const stages = path.join(path.dirname(server.dataFolder), "brainbytes.toml");
    writeFileSync(stages, "[stages.dev]\n");
    const made = json(await command("backup create --json"));
    rmSync(stages);
    json(await command(`backup restore ${made.id} --yes --no-safety --json`));
    const kept = path.join(server.dataFolder, `settings-of-${made.id}`);
    assert.equal(readFileSync(path.join(kept, "trust/ABC.pub"), "utf8"), "key");
    assert.equal(readFileSync(path.join(kept, "brainbytes.toml"), "utf8"), "[stages.dev]\n");
    for (const name of ["releases/ledger.jsonl", "stages/production.jsonl"])
        assert.equal(readFileSync(path.join(kept, name), "utf8"), "{}");
});

test("a backup is tried out on a machine that has had no server", async () => {
    const made = json(await command("backup create --json"));
    const key = path.join(server.dataFolder, "backup.key");
    const fresh = temporaryFolder("bb-fresh");
    chmodSync(fresh, 0o777);
    const env = programEnvironment({ BRAINBYTES_DATA: path.join(fresh, "data") });
    const words = ["--restore", "--from", path.dirname(made.path), "--key", key];
    const { code, stderr } = await startCommand(env, fresh, "backup", "verify", made.id, ...words).ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /good: chat, the tutor answered/);
    rmSync(fresh, { recursive: true, force: true });
});

test("a backup of a newer schema is refused, and nothing is touched", async () => {
    const forged =
        "INSERT INTO schema_migrations (number, name, checksum, phase) VALUES (9999, 'later', 'none', 'expand')";
    query(forged);
    const later = json(await command("backup create --json"));
    query("DELETE FROM schema_migrations WHERE number = 9999");
    const newer = await command(`backup restore ${later.id} --yes`);
    assert.equal(newer.code, 1);
    assert.match(newer.stderr, /has schema 9999, and this program knows \d+ at most/);
    assert.equal(query("SELECT count(*) FROM schema_migrations WHERE number = 9999"), "0\n");
});
