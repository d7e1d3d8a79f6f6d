// Back to a release that needs the schema of before, on two hosts of one database, by one command over ssh.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { data, noFleet } from "../support/fleet.mjs";
import { Stage } from "../support/stage.mjs";

const why = noFleet() ?? false;
let stage, database, newest;

before(async () => {
    if (why) return;
    stage = new Stage(2);
    await stage.start();
    newest = stage.releases.about.schemaMax;
    // Where all hosts see it: they have a /tmp of their own.
    const folder = stage.fleet.at("database");
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    database = await startDatabase(async (own) => `-c unix_socket_directories=${own}/socket,${folder}`);
    const url = `postgresql:///brainbytes?host=${encodeURIComponent(folder)}&user=tester`;
    stage.describe({}, "", { DATABASE_URL: url });
    await stage.deployed(stage.first, "--trust", stage.releases.key, "--no-verify");
    const forget = `psql '${url}' -Xqc 'DELETE FROM schema_migrations WHERE number > ${newest}'`;
    // It knows a migration that this program does not, and waits for other servers as this program does.
    await stage.deployed(
        stage.releases.script(
            `case "$*" in "db rollback"*--dry-run*) echo '{"rolledBack":[],"servers":[]}'; exit ;;`,
            `"db rollback"*) said=$(/usr/local/bin/brainbytes "$@" 2>&1) || case $said in *"need this schema"*)`,
            `echo "$said" >&2; exit 1 ;; esac; ${forget}; exit ;; esac`,
        ),
    );
    await database.query(`INSERT INTO schema_migrations
        VALUES (${newest + 1}, 'made_up', 'x', now() - interval '5 minutes', 'contract')`);
});
after(async () => {
    stage?.stop();
    await database?.stop();
});

const schema = async () => Number(await database.query("SELECT max(number) FROM schema_migrations"));

test("less than is at stake changes nothing on any host", { skip: why }, async () => {
    const had = await stage.kept();
    for (const words of [[], ["--accept-data-loss", "2"]]) {
        const back = await stage.command("rollback", ...words);
        assert.equal(back.code, 1, back.stderr);
        assert.match(back.stderr, words.length > 0 ? /minutes of work are at stake/ : /--accept-data-loss/);
    }
    assert.deepEqual(await stage.kept(), had);
    assert.equal(await schema(), newest + 1);
});

test("one backup is made, all servers end, and the schema goes back once", { skip: why }, async () => {
    const back = await stage.command("rollback", "--accept-data-loss", "60");
    assert.equal(back.code, 0, back.stderr);
    assert.match(back.stderr, /backup: made on 10\.77\.0\.11/);
    assert.deepEqual(await stage.kept(), [stage.first.name, stage.first.name]);
    assert.equal(await schema(), newest);
    for (const host of stage.hosts) {
        assert.equal(stage.at(host).serving.release, stage.first.name);
        const kept = JSON.parse(
            stage.fleet.ssh(
                host,
                `cd ${data} && BRAINBYTES_STAGE=staging BRAINBYTES_DATA=${data} brainbytes backup list --json`,
            ),
        );
        assert.equal(kept.backups.length, host === stage.hosts[0] ? 1 : 0, JSON.stringify(kept));
    }
});

test("a secret is set once in a database that the hosts share", { skip: why }, async () => {
    const setting = stage.command("secret", "set", "METRICS_TOKEN");
    stage.fleet.last.stdin.end("a-token-of-the-stage\n");
    const done = await setting;
    assert.equal(done.code, 0, done.stderr);
    assert.equal(done.stderr.match(/METRICS_TOKEN is kept/g).length, 1);
    const { secrets } = JSON.parse((await stage.command("secret", "list", "--json")).stdout);
    assert.deepEqual(
        secrets.map(({ name }) => name),
        ["METRICS_TOKEN"],
    );
});
