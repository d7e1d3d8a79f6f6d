// Back to a release that needs the schema of before: what is lost is said and must be accepted, on one host and on several.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { about, deployedKept, keepRelease, keepServed, statusOf } from "../support/kept_release.mjs";
import { startModel } from "../support/model.mjs";
import { program, startServer } from "../support/server.mjs";
import { Visitors } from "../support/visitors.mjs";

let model, server, visitors;

const query = (sql) =>
    execFileSync("psql", ["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtc", sql, "brainbytes"], {
        encoding: "utf8",
    });

before(async () => {
    model = await startModel();
    server = await startServer({ verb: "supervise", env: { ...model.env, BRAINBYTES_START_SECONDS: "15" } });
    visitors = new Visitors(server, await server.cookieFor("ana@example.org"));
    visitors.start(6);
});
after(async () => {
    await visitors?.stop();
    await server?.stop();
    await model?.close();
});

test("a schema goes back with the release when the loss is named, and who asks meanwhile waits", async () => {
    const newest = about.schemaMax;
    const seen = path.join(server.dataFolder, "run", "schema-at-start");
    // This program would add to the schema again at its start: it notes what it finds.
    const look = `psql -h "$BRAINBYTES_DATA/run" -U brainbytes -XAtc "SELECT max(number) FROM schema_migrations"`;
    const older = keepServed(
        server,
        { schemaMax: newest - 1 },
        `[ "$1" = serve ] && ${look} brainbytes >"${seen}"`,
    );
    // A newer release, which brought a migration that this program does not know, and knows the way back.
    const forget = `psql -h "$BRAINBYTES_DATA/run" -U brainbytes -qc "DELETE FROM schema_migrations WHERE number > ${newest}"`;
    const newer = keepRelease(
        server,
        {},
        `case "$*" in "db rollback"*--dry-run*) echo '{"rolledBack":["a column"]}'; exit 0 ;;`,
        `"db rollback"*) ${forget} brainbytes ;; esac`,
    );
    await deployedKept(server, newer);
    query(`INSERT INTO schema_migrations
           VALUES (${newest + 1}, 'made_up', 'x', now() - interval '90 minutes', 'contract')`);
    query(`UPDATE schema_migrations SET applied_at = now() WHERE number <= ${newest}`);
    const back = (...words) => server.command("rollback", "--to", older, "--no-backup", ...words);
    const none = await back();
    assert.equal(none.code, 1);
    assert.match(none.stderr, /the schema is 91 minutes old.*--accept-data-loss 91/);
    const less = await back("--accept-data-loss", "90");
    assert.equal(less.code, 1);
    assert.match(less.stderr, /91 minutes of work are at stake, and 90 are accepted/);
    assert.equal((await statusOf(server)).kept, newer);
    const gone = await back("--accept-data-loss", "92", "--json");
    assert.equal(gone.code, 0, gone.stdout + gone.stderr);
    assert.match(gone.stderr, /Needs its schema back: .*a column/);
    assert.equal(readFileSync(seen, "utf8").trim(), String(newest - 1));
    assert.equal((await statusOf(server)).serving.release, older);
    assert.deepEqual(visitors.faults, []);
});

test("the schema of a database with several hosts goes back with all of them at once, and with one alone when it is the last", async () => {
    const database = await startDatabase();
    const newest = about.schemaMax;
    const hosts = [];
    const forget = `psql "$DATABASE_URL" -Xqc "DELETE FROM schema_migrations WHERE number > ${newest}"`;
    const servers = `SELECT json_build_object('rolledBack', '[]'::json, 'servers', json_agg(DISTINCT
        jsonb_build_object('process', split_part(application_name, '/', 3), 'host',
        split_part(application_name, '/', 2), 'from', 'here'))) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'brainbytes-server/%'`;
    // It knows a migration that this program does not, and waits for other servers as this program does.
    const newer = (host) =>
        keepRelease(
            host,
            {},
            `case "$*" in "db rollback"*--dry-run*) psql "$DATABASE_URL" -XAtc "${servers}"; exit ;;`,
            `"db rollback"*) said=$("${program}" "$@" 2>&1) || case $said in *"need this schema"*)`,
            `echo "$said" >&2; exit 1 ;; esac; ${forget}; exit ;; esac`,
        );
    const takeAway = () =>
        database.query(`INSERT INTO schema_migrations
            VALUES (${newest + 1}, 'made_up', 'x', now() - interval '5 minutes', 'contract')`);
    const back = (host, ...words) =>
        host.server.command(
            "rollback",
            "--to",
            host.older,
            "--no-backup",
            "--accept-data-loss",
            "10",
            ...words,
        );
    const serving = async (host) => (await statusOf(host.server)).serving;
    try {
        for (let i = 0; i < 2; i += 1) {
            const env = { ...model.env, DATABASE_URL: database.url };
            const host = { server: await startServer({ verb: "supervise", env }) };
            hosts.push(host);
            host.older = keepServed(host.server, { schemaMax: newest });
            host.newer = newer(host.server);
            await deployedKept(host.server, host.newer);
        }
        const [one, two] = hosts;
        await takeAway();
        const alone = await back(one);
        assert.equal(alone.code, 1);
        const other = (await serving(two)).process;
        assert.match(
            alone.stderr,
            new RegExp(`Servers elsewhere need this schema: .*process ${other} on host `),
        );
        assert.match(alone.stderr, /rollback --stage STAGE/);
        assert.equal((await serving(one)).release, one.newer);
        const both = await Promise.all(hosts.map((host) => back(host, "--together")));
        for (const { code, stdout, stderr } of both) assert.equal(code, 0, stdout + stderr);
        for (const host of hosts) assert.equal((await serving(host)).release, host.older);
        const schema = async () => (await database.query("SELECT max(number) FROM schema_migrations")).trim();
        assert.equal(await schema(), String(newest));

        await two.server.stop();
        await deployedKept(one.server, one.newer);
        await takeAway();
        one.older = keepServed(one.server, { schemaMax: newest }, `[ "$1" = serve ] && exit 3`);
        const broken = await back(one);
        assert.equal(broken.code, 1, broken.stderr);
        assert.match(broken.stderr, /start FAILED[^]*schema again: migration \d+[^]*put back/);
        assert.equal((await serving(one)).release, one.newer);
        await takeAway();
        one.older = keepServed(one.server, { schemaMax: newest });
        const last = await back(one);
        assert.equal(last.code, 0, last.stderr);
        assert.equal((await serving(one)).release, one.older);
    } finally {
        for (const host of hosts) await host.server.stop();
        await database.stop();
    }
});
