// Whose the files are that `brainbytes backup ...` leaves: of the first command in a new data folder, and of root.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let database, folder, env;
before(async () => {
    database = await startDatabase();
    folder = temporaryFolder("bb-accounts");
    chmodSync(folder, 0o777);
    env = {
        DATABASE_URL: database.url,
        BRAINBYTES_SECRET: "a".repeat(40),
        BRAINBYTES_DATA: path.join(folder, "data"),
    };
});
after(async () => {
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const run = (...words) => {
    const done = spawnSync(program, words, { env: programEnvironment(env), cwd: folder, encoding: "utf8" });
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
};
const good = (...words) => {
    const done = run(...words);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
};
const isRoot = process.getuid() === 0;
const everything = (top) => [
    top,
    ...readdirSync(top, { recursive: true }).map((name) => path.join(top, name)),
];
const strays = () => {
    const { uid } = statSync(env.BRAINBYTES_DATA);
    assert.notEqual(uid, 0);
    return everything(env.BRAINBYTES_DATA).filter((file) => statSync(file).uid !== uid);
};

test("a backup may be the first that is made in a data folder whose database is elsewhere", async () => {
    good("db", "migrate");
    rmSync(env.BRAINBYTES_DATA, { recursive: true });
    good("backup", "create");
    assert.ok(existsSync(path.join(env.BRAINBYTES_DATA, "backup.key")));
    good("backup", "status");
    const server = await startServer({ dataFolder: env.BRAINBYTES_DATA, env });
    await server.stop({ keep: true });
});

for (const [what, words] of [
    ["pruning", ["backup", "prune"]],
    ["a key", ["backup", "keygen", "data/backup.key"]],
    ["a lock", ["deploy", "lock", "--reason", "holidays"]],
    ["a pause", ["maintenance", "on"]],
])
    test(`${what} may be the first, too`, async () => {
        rmSync(env.BRAINBYTES_DATA, { recursive: true, force: true });
        good(...words);
        good("backup", "create");
        assert.deepEqual(isRoot ? strays() : [], []);
        good("backup", "status");
    });

test("root leaves nothing in a place that the account of the data folder cannot go on with", (t) => {
    if (!isRoot) return t.skip("needs root");
    rmSync(env.BRAINBYTES_DATA, { recursive: true, force: true });
    good("backup", "prune");
    good("backup", "create");
    const place = path.join(env.BRAINBYTES_DATA, "backups");
    rmSync(path.join(place, ".lock"));
    good("backup", "prune");
    good("backup", "create");
    const [{ id }] = JSON.parse(good("backup", "list", "--json")).backups;
    good("backup", "hold", id);
    assert.ok(existsSync(path.join(place, id, "held")));
    good("backup", "verify", id);
    assert.deepEqual(strays(), []);
    const found = JSON.parse(run("doctor", "--json").stdout).checks.filter(
        ({ name }) => name === "data folder",
    );
    assert.deepEqual(
        found.map(({ result }) => result),
        ["ok"],
    );
});

test("backups of data that was put elsewhere, since root's account cannot reach it, are found there", (t) => {
    if (!isRoot) return t.skip("needs root");
    const closed = path.join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const before = env.BRAINBYTES_DATA;
    env.BRAINBYTES_DATA = path.join(closed, "data");
    let moved;
    try {
        moved = /is kept in (\S+)\.\n/.exec(run("backup", "create").stderr)?.[1];
        assert.match(moved, /^\/var\/lib\/brainbytes\//);
        assert.equal(JSON.parse(good("backup", "list", "--json")).backups.length, 1);
        good("backup", "verify");
        good("backup", "restore", "latest", "--dry-run");
    } finally {
        env.BRAINBYTES_DATA = before;
        if (moved) rmSync(moved, { recursive: true, force: true });
    }
});
