// Uploaded files in a folder that several data folders share, and a restore that unpacks beside it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
    chmodSync,
    chownSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    readlinkSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let folder, database;
before(async () => {
    folder = temporaryFolder("bb-shared");
    chmodSync(folder, 0o777);
    database = await startDatabase();
});
after(async () => {
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
});
const at = (name) => path.join(folder, name);
const share = (data, where) =>
    spawnSync(program, ["blobs", "share", where], {
        cwd: "/",
        env: programEnvironment({ BRAINBYTES_DATA: data }),
        encoding: "utf8",
    });

test("a new data folder gets the shared files, as often as it is said", () => {
    for (const where of ["first", "second", "second"]) {
        const done = share(at("data"), at(where));
        assert.equal(done.status, 0, done.stderr);
        assert.equal(readlinkSync(at("data/files")), at(where));
        assert.ok(existsSync(at(where)));
    }
});

test("files that are there stay, and so does a folder of something else", () => {
    share(at("own"), at("shared"));
    rmSync(at("own/files"));
    mkdirSync(at("own/files"));
    writeFileSync(at("own/files/a"), "a");
    const done = share(at("own"), at("shared"));
    assert.equal(done.status, 1);
    assert.match(done.stderr, /own\/files holds files: move them/);
    assert.equal(readFileSync(at("own/files/a"), "utf8"), "a");
    mkdirSync(at("foreign"));
    writeFileSync(at("foreign/letter"), "a");
    assert.match(share(at("foreign"), at("shared")).stderr, /holds other things/);
    assert.deepEqual(readdirSync(at("foreign")), ["letter"]);
});

test("a restore unpacks in a folder of its own, and takes nobody else's", async (t) => {
    const dataFolder = at("server");
    assert.equal(share(dataFolder, at("files")).status, 0);
    const key = at("backup.key");
    const made = spawnSync(program, ["backup", "keygen", key], { env: programEnvironment(), cwd: "/" });
    assert.equal(made.status, 0, String(made.stderr));
    const env = {
        DATABASE_URL: database.url,
        BRAINBYTES_SECRET: "the-same-for-all-of-them",
        BACKUP_KEY_FILE: at("backup.pub"),
    };
    writeFileSync(at("backup.pub"), /^public .*\n/m.exec(readFileSync(key, "utf8"))[0]);
    const server = await startServer({ dataFolder, env });
    t.after(() => server.stop());
    assert.equal((await server.command("backup", "create")).code, 0);
    const restore = (room) =>
        server.commandWith(
            readFileSync(key),
            ...["backup", "restore", "latest", "--yes", "--key", "-", "--room", room],
        );
    const refused = await restore(at("foreign"));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /foreign is there already: name a new folder/);
    assert.deepEqual(readdirSync(at("foreign")), ["letter"]);
    for (const own of [dataFolder, at("files")]) {
        assert.equal((await restore(own)).code, 1);
        assert.ok(existsSync(own), own);
    }
    mkdirSync(at("room/run"), { recursive: true });
    const mark = at("room/run/brainbytes-room");
    for (const file of [mark, at("room/run/brainbytes")]) writeFileSync(file, "");
    const { uid, gid } = statSync(dataFolder);
    for (const made of [mark, at("room/run/brainbytes"), at("room/run"), at("room")])
        chownSync(made, uid, gid);
    const other = spawn("flock", ["--no-fork", mark, "sh", "-c", "echo held; exec sleep 60"]);
    t.after(() => other.kill());
    await once(other.stdout, "data");
    const busy = await restore(at("room"));
    assert.equal(busy.code, 1);
    assert.match(busy.stderr, /Another restore works in .*room/);
    assert.ok(existsSync(mark), "what the other works in stays");
    other.kill();
    await once(other, "close");
    const done = await restore(at("room")); // as one that was killed has left it
    assert.equal(done.code, 0, done.stderr);
    assert.ok(!existsSync(at("room")), "it is gone afterwards");
});

test("a private database has no room elsewhere", async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    assert.equal((await server.command("backup", "create")).code, 0);
    const done = await server.command("backup", "restore", "latest", "--yes", "--room", at("room"));
    assert.equal(done.code, 1);
    assert.match(done.stderr, /--room is for a database elsewhere/);
});
