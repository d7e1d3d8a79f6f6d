// Back to a release whose content a migration has dropped: the database is brought back with it, or nothing changes.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startDatabase } from "../support/database.mjs";
import { killAtMoments, startCommand } from "../support/interruptions.mjs";
import { about, deployedKept, keepRelease, keepServed, statusOf } from "../support/kept_release.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const taken = about.schemaMax + 1; // the migration that drops something
let folder, key, server, older, newer;

const sql = (text) =>
    execFileSync(
        "psql",
        ["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtc", text, "brainbytes"],
        { encoding: "utf8" },
    ).trim();

before(async () => {
    folder = temporaryFolder("bb-return");
    chmodSync(folder, 0o777); // the program gives up root
    key = path.join(folder, "backup.key");
    assert.equal(spawnSync(program, ["backup", "keygen", key], { env: programEnvironment() }).status, 0);
    chmodSync(key, 0o644);
    const env = {
        BACKUP_TO: path.join(folder, "place"),
        BACKUP_KEY_FILE: key,
        BRAINBYTES_START_SECONDS: "10",
    };
    server = await startServer({ verb: "supervise", env });
    older = keepServed(
        server,
        { schemaMax: taken - 1 },
        `[ "$1" = serve ] && [ -e "${folder}/broken" ] && exit 3`,
    );
    // It knows what the migration drops, and runs on the schema after it, as this program does not.
    const known = `psql -h "$BRAINBYTES_DATA/run" -U brainbytes -Xqc "UPDATE schema_migrations SET phase = 'expand'`;
    newer = keepRelease(
        server,
        {},
        `case "$*" in "db rollback"*--dry-run*)`,
        `echo '{"rolledBack":[{"number":${taken},"name":"made_up","drops":[],"gone":["table keepsakes"]}]}'; exit ;;`,
        `serve*) ${known} WHERE number >= ${taken}" brainbytes ;; esac`,
    );
    await deployedKept(server, newer);
    sql("CREATE TABLE keepsakes (words text)");
    sql("INSERT INTO keepsakes VALUES ('dear')");
});
after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
});

/** The migration is applied: what is there before it is known to the second. Programs that run know it. */
async function takeAway() {
    await pause(2500);
    sql(`BEGIN; DROP TABLE keepsakes; INSERT INTO schema_migrations
         VALUES (${taken}, 'made_up', 'x', now(), 'expand'); COMMIT`);
}
/** From now on it stands against this program. */
const takesAway = () => sql(`UPDATE schema_migrations SET phase = 'contract' WHERE number = ${taken}`);
const isTaken = () => sql(`SELECT count(*) FROM schema_migrations WHERE number = ${taken}`) === "1";
const keepsakes = () => sql("SELECT to_regclass('keepsakes')") && sql("SELECT words FROM keepsakes");
const back = (...words) => server.command("rollback", "--to", older, ...words);
const backups = async () =>
    JSON.parse((await server.command("backup", "list", "--json")).stdout).backups.map(({ reason }) => reason);
const formers = async () =>
    (await server.command("backup", "restore", "--purge", "--dry-run")).stdout.split("\n").filter(Boolean);
const emails = async () =>
    JSON.parse((await server.command("user", "list", "--json")).stdout).users.map(({ email }) => email);

/** Waits until the same release is kept and serves. */
async function settled() {
    for (const deadline = Date.now() + 60_000; ; await pause(200)) {
        const status = await statusOf(server).catch(() => undefined);
        if (status?.serving && !status.leased && status.serving.release === status.kept) return status.kept;
        assert.ok(Date.now() < deadline, JSON.stringify(status) + server.tail(20));
    }
}

test("where no log and no backup reaches the moment before, that is said, and nothing changes", async () => {
    await takeAway();
    takesAway();
    for (const words of [[], ["--accept-data-loss", "1000"], ["--dry-run"]]) {
        const none = await back(...words);
        assert.equal(none.code, 1, none.stdout);
        assert.match(none.stderr, /Needs a restore: migration \d+ dropped table keepsakes/);
        assert.match(
            none.stderr,
            /Nothing here reaches the moment before\. In .* is no log .* No backup .* before/,
        );
        assert.match(none.stderr, /brainbytes db rollback --to \d+/);
    }
    assert.equal((await statusOf(server)).kept, newer);
    sql(`DELETE FROM schema_migrations WHERE number = ${taken}`);
    sql("CREATE TABLE keepsakes (words text)");
    sql("INSERT INTO keepsakes VALUES ('dear')");
});

test("without a log the newest backup of before comes back, once its minutes are accepted", async () => {
    assert.equal((await server.command("backup", "create")).code, 0);
    await server.as("late@return.example");
    await takeAway();
    takesAway();
    const told = await back();
    assert.equal(told.code, 1);
    assert.match(
        told.stderr,
        /--accept-data-loss 1" brings the database back to \S+ by the backup .* loses 1 minutes/,
    );
    const less = await back("--accept-data-loss", "0");
    assert.equal(less.code, 1);
    assert.match(less.stderr, /1 minutes of work are at stake, and 0 are accepted/);
    const plan = await back("--accept-data-loss", "5", "--dry-run");
    assert.match(plan.stdout, /rest\t.*\nrestore\tback to .* by the backup/);
    assert.equal(isTaken(), true);

    const gone = await back("--accept-data-loss", "5", "--no-backup");
    assert.equal(gone.code, 0, gone.stderr + server.tail(20));
    assert.match(gone.stderr, /Lost is what was written since \S+: 1 minutes of work/);
    assert.equal(await settled(), older);
    assert.equal(keepsakes(), "dear");
    assert.equal(isTaken(), false);
    assert.ok(!(await emails()).includes("late@return.example"));
    assert.deepEqual(await backups(), ["asked for"]);
    assert.equal((await formers()).length, 1);
});

test("with a log nothing of before is lost, and whoever was erased since is erased again", async () => {
    assert.equal((await server.command("backup", "create", "--method", "physical")).code, 0);
    await server.as("ana@return.example");
    await server.as("gone@return.example");
    await deployedKept(server, newer);
    await takeAway();
    await server.as("later@return.example");
    assert.equal((await server.command("user", "erase", "gone@return.example", "--now")).code, 0);
    takesAway();
    const told = await back();
    assert.equal(told.code, 1);
    assert.match(told.stderr, /by the log in/);

    writeFileSync(path.join(folder, "broken"), "");
    const broken = await back("--accept-data-loss", "5");
    assert.equal(broken.code, 1, broken.stdout);
    assert.match(broken.stderr, /start FAILED[^]*database again: brainbytes_before_\S+ is back[^]*put back/);
    assert.equal(await settled(), newer);
    assert.equal(isTaken(), true);
    assert.ok((await emails()).includes("later@return.example"));
    rmSync(path.join(folder, "broken"));
    takesAway();

    const gone = await back("--accept-data-loss", "5", "--json");
    assert.equal(gone.code, 0, gone.stderr + server.tail(20));
    assert.match(gone.stderr, /backup: made [^]*rest: [^]*restore: back to \S+ by the log in /);
    assert.equal(await settled(), older);
    assert.equal(keepsakes(), "dear");
    const people = await emails();
    assert.ok(
        people.includes("ana@return.example") && !people.includes("later@return.example"),
        people.join(),
    );
    assert.ok(!people.includes("gone@return.example"), people.join());
    assert.equal((await backups()).at(-1), "before restore");
    assert.equal((await server.command("backup", "restore", "--purge", "--yes")).code, 0);
    assert.equal((await server.command("audit", "verify")).code, 0);
});

test("a database of DATABASE_URL comes back, too, once no other host works with it", async () => {
    const database = await startDatabase();
    const env = { DATABASE_URL: database.url, BACKUP_TO: path.join(folder, "other"), BACKUP_KEY_FILE: key };
    const one = await startServer({ verb: "supervise", env });
    const two = await startServer({ env });
    const running = [one, two];
    const back = (...words) => one.command("rollback", "--to", to, "--no-backup", ...words);
    const to = keepServed(one, { schemaMax: taken - 1 });
    try {
        const servers = `SELECT json_build_object('rolledBack', json_build_array(json_build_object('gone',
            json_build_array('table keepsakes'))), 'servers', json_agg(DISTINCT jsonb_build_object('process',
            split_part(application_name, '/', 3), 'host', split_part(application_name, '/', 2), 'from', 'here')))
            FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'brainbytes-server/%'`;
        const from = keepRelease(
            one,
            {},
            `case "$*" in "db rollback"*--dry-run*) psql "$DATABASE_URL" -XAtc "${servers}"; exit ;; esac`,
        );
        await deployedKept(one, from);
        await database.query("CREATE TABLE keepsakes (words text)");
        assert.equal((await one.command("backup", "create")).code, 0);
        await pause(1500);
        await database.query("DROP TABLE keepsakes");
        await database.query(
            `INSERT INTO schema_migrations VALUES (${taken}, 'made_up', 'x', now(), 'contract')`,
        );
        const held = await back("--accept-data-loss", "5");
        assert.equal(held.code, 1);
        assert.match(
            held.stderr,
            new RegExp(`Servers elsewhere work with this database: process ${two.pid} on`),
        );
        assert.match(
            held.stderr,
            /systemctl stop brainbytes.*--accept-data-loss 1.*it loses 1 minutes of work/,
        );
        await running.pop().stop();
        const gone = await back("--accept-data-loss", "5");
        assert.equal(gone.code, 0, gone.stderr);
        assert.equal((await statusOf(one)).serving.release, to);
        assert.equal((await database.query("SELECT count(*) FROM keepsakes")).trim(), "0");
    } finally {
        for (const host of running) await host.stop();
        await database.stop();
    }
});

test("the command or the supervisor killed on the way leaves the one state or the other, and it serves", async () => {
    const start = async () => {
        if ((await settled()) !== newer) await deployedKept(server, newer);
        if (!isTaken()) await takeAway();
        takesAway();
        const words = ["rollback", "--to", older, "--accept-data-loss", "60", "--no-backup"];
        return startCommand(server.env, "/", ...words);
    };
    const whole = async (at) => {
        const kept = await settled();
        assert.equal(isTaken(), kept === newer, `${at}: ${kept}\n${server.tail(20)}`);
        if (kept === older) assert.equal(keepsakes(), "dear");
        if (kept === newer) sql(`UPDATE schema_migrations SET phase = 'expand' WHERE number = ${taken}`);
        for (const deadline = Date.now() + 20_000; (await server.request("/readyz")).status !== 200;)
            assert.ok(Date.now() < deadline, server.tail(20));
    };
    await killAtMoments(4, start, whole);

    const { ended } = await start();
    while ((await statusOf(server)).resting !== true) await pause(50);
    await server.kill();
    await ended;
    await server.start();
    await whole("supervisor");
});

test("a log that turns out unusable gives way to the backup, when as much is accepted", async () => {
    if ((await settled()) !== newer) await deployedKept(server, newer);
    if (!isTaken()) await takeAway();
    takesAway();
    const log = path.join(folder, "place", "wal");
    for (const deadline = Date.now() + 30_000; !/by the log in/.test((await back()).stderr); await pause(300))
        assert.ok(Date.now() < deadline);
    const pieces = execFileSync("find", [log, "-type", "f", "!", "-name", "quiet"], { encoding: "utf8" });
    for (const piece of pieces.trim().split("\n")) writeFileSync(piece, "nothing");
    const gone = await back("--accept-data-loss", "60", "--no-backup");
    assert.match(gone.stderr, /prove: Unusable is the log in .*: .*\n[^]*Back by the backup/);
    assert.equal(gone.code, 0, gone.stderr);
    assert.equal(await settled(), older);
    assert.equal(keepsakes(), "dear");
});
