// Backups in an S3 bucket, on the real program and a real S3 server: their whole life, and what the service, the
// network and the bucket can do to them.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { withinOneDay } from "../support/checks.mjs";
import { archiveFrom, comparable, fill } from "../support/archives.mjs";
import { s3Keys, s3Request, s3Uploads, startProxy, startS3 } from "../support/s3.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

let s3, proxy, server, folder, key;
before(async () => {
    await withinOneDay();
    folder = temporaryFolder("bb-s3");
    chmodSync(folder, 0o777);
    key = path.join(folder, "backup.key");
    const made = spawnSync(program, ["backup", "keygen", key], {
        env: programEnvironment(),
        encoding: "utf8",
    });
    assert.equal(made.status, 0, made.stderr);
    s3 = await startS3();
    proxy = await startProxy(s3.port);
    server = await startServer({ env: { ...s3.env, BACKUP_TO: s3.place, BACKUP_KEY_FILE: key } });
});
after(async () => {
    await server?.stop();
    await proxy?.stop();
    await s3?.stop();
    rmSync(folder, { recursive: true, force: true });
});

const json = (done) => {
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
};
const create = async (on = server) => json(await on.command("backup", "create", "--json"));
const list = async () => json(await server.command("backup", "list", "--json")).backups;

/** A command with other options than the server's. */
async function commandWith(env, ...words) {
    const before = server.options.env;
    server.options.env = { ...before, ...env };
    try {
        return await server.command(...words);
    } finally {
        server.options.env = before;
    }
}
/** A command through the proxy, and the most memory that it took, in kB. */
async function measured(...words) {
    const env = { ...server.env, S3_ENDPOINT: proxy.url };
    const child = spawn(program, words, { env, cwd: path.dirname(server.dataFolder) });
    let [stdout, stderr, peak] = ["", "", 0];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    while (child.exitCode === null && child.signalCode === null) {
        try {
            const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
            peak = Math.max(peak, Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0));
        } catch {
            break; // it has just ended
        }
        await pause(20);
    }
    return { code: await ended, stdout, stderr, peak };
}
const throughProxy = (...words) => commandWith({ S3_ENDPOINT: proxy.url }, ...words);

test("the whole life of a backup in a bucket", async () => {
    const ana = await server.as("ana@s3.example");
    await fill(ana);
    const before = comparable(await archiveFrom(server, ana));
    const made = await create();
    assert.equal(made.path, `${s3.place}/${made.id}`);
    assert.deepEqual(
        await s3Keys(s3, "school/2"),
        ["database.sealed", "files.sealed", "manifest.json"].map((name) => `school/${made.id}/${name}`),
    );
    const [listed] = await list();
    assert.equal(listed.path, made.path);
    const read = await server.command("backup", "verify");
    assert.equal(read.code, 0, read.stderr);
    assert.match(read.stderr, /Every byte was read, opened and is as it was written/);
    const status = json(await server.command("backup", "status", "--json"));
    assert.deepEqual(
        status.places.map(({ path: place, backups, sameDisk, fault }) => [place, backups, sameDisk, fault]),
        [[s3.place, 1, false, null]],
    );

    const gone = await server.command("user", "erase", (await server.as("eva@s3.example")).email, "--now");
    const id = gone.stderr.match(/knows the account as ([0-9a-f-]{36})/)[1];
    for (const { id: material } of (await ana.request("/api/materials")).json.materials)
        await ana.request(`/api/materials/${material}`, { method: "DELETE" });
    const back = json(await server.command("backup", "extract", made.id, "--user", ana.email, "--json"));
    assert.ok(back.brought.materials.made >= 1, JSON.stringify(back));
    const restored = json(await server.command("backup", "restore", made.id, "--yes", "--json"));
    assert.equal(restored.id, made.id);
    assert.ok(restored.safetyBackup);
    for (const deadline = Date.now() + 30_000; ; await pause(100)) {
        if ((await server.request("/readyz")).status === 200) break;
        assert.ok(Date.now() < deadline, server.tail());
    }
    assert.deepEqual(comparable(await archiveFrom(server, ana)), before);
    // Who was erased is noted beside the backups, by the safety backup at the latest.
    const { text } = await s3Request(s3, "GET", `/${s3.bucket}/school/erased`);
    assert.match(text, new RegExp(id));
    assert.deepEqual(await s3Keys(s3, "school/.lock"), [], "the lock is given back");
});

test("an empty machine with bucket and key alone is whole after one command", async () => {
    const ida = await server.as("ida@s3.example");
    await fill(ida);
    const before = comparable(await archiveFrom(server, ida));
    const made = await create();
    const elsewhere = temporaryFolder("bb-empty");
    const env = {
        AWS_ENDPOINT_URL: s3.env.S3_ENDPOINT,
        AWS_ACCESS_KEY_ID: s3.env.S3_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY: s3.env.S3_SECRET_ACCESS_KEY,
    };
    const empty = await startServer({ dataFolder: path.join(elsewhere, "data"), ready: false, env });
    await empty.kill();
    await empty.killAll();
    rmSync(empty.dataFolder, { recursive: true, force: true });
    try {
        const words = ["backup", "restore", "latest", "--from", s3.place, "--key", key, "--json"];
        assert.equal(json(await empty.command(...words)).id, made.id);
        empty.options.ready = true;
        await empty.start();
        assert.deepEqual(comparable(await archiveFrom(empty, await empty.as(ida.email))), before);
    } finally {
        await empty.stop();
        rmSync(elsewhere, { recursive: true, force: true });
    }
});

test("a drill recovers from the bucket", async () => {
    const held = await server.command("drill", "run", "--scenario", "lost-host", "--json");
    assert.equal(held.code, 0, held.stdout + held.stderr);
    assert.equal(JSON.parse(held.stdout).good, true);
});

test("a wrong secret, a key nobody knows and a missing bucket are named, and nothing is left", async (context) => {
    const before = await s3Keys(s3);
    const missing = await server.command("backup", "create", "--to", "s3://no-such-bucket/x");
    assert.equal(missing.code, 1);
    assert.match(
        missing.stderr,
        /s3:\/\/no-such-bucket\S*: there is no such bucket\. Make it, or correct its name/,
    );
    const keyless = await commandWith({ S3_SECRET_ACCESS_KEY: "" }, "backup", "create");
    assert.equal(keyless.code, 1);
    assert.match(keyless.stderr, /need a key: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY/);
    assert.deepEqual(await s3Keys(s3), before);
    if (!s3.signed) return context.skip("this server checks no signatures");
    const wrong = await commandWith({ S3_SECRET_ACCESS_KEY: "wrong" }, "backup", "create");
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /the secret does not belong to the key id\. Check S3_SECRET_ACCESS_KEY/);
    const unknown = await commandWith({ S3_ACCESS_KEY_ID: "AKIAUNKNOWN" }, "backup", "verify");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /does not know this key id\. Check S3_ACCESS_KEY_ID/);
    assert.ok(!`${wrong.stderr}${unknown.stderr}`.includes(s3.env.S3_SECRET_ACCESS_KEY));
    const listed = await commandWith({ S3_SECRET_ACCESS_KEY: "wrong" }, "backup", "status");
    assert.equal(listed.code, 1);
    assert.match(listed.stdout, /cannot be used: .*Check S3_SECRET_ACCESS_KEY/);
    assert.deepEqual(await s3Keys(s3), before);
});

test("broken connections and an overloaded service are survived", async () => {
    proxy.refusals = 3;
    Object.assign(proxy, { cutAfter: 5_000, cuts: 2, cut: 0, refused: 0 });
    const made = json(await throughProxy("backup", "create", "--json"));
    assert.deepEqual([proxy.refused, proxy.cut], [3, 2]);
    Object.assign(proxy, { cutAfter: Infinity, slow: 3 });
    const read = await throughProxy("backup", "verify", made.id);
    proxy.slow = 0;
    assert.equal(read.code, 0, read.stderr);
});

test("what is too large for one piece goes in parts, with little memory, and a cut leaves nothing", async () => {
    const sql = (text) =>
        execFileSync("psql", [
            "-h",
            `${server.dataFolder}/run`,
            "-U",
            "brainbytes",
            "-XAtc",
            text,
            "brainbytes",
        ]);
    sql(`CREATE TABLE bulk AS SELECT n, string_agg(md5(random()::text), '') AS text
         FROM generate_series(1, 600) n, generate_series(1, 4000) GROUP BY n`);
    try {
        const before = await list();
        Object.assign(proxy, { cutAfter: 3_000_000, cuts: Infinity, cut: 0 });
        const broken = await throughProxy("backup", "create");
        assert.equal(broken.code, 1);
        assert.match(broken.stderr, /database\.sealed: no answer: .*try again/);
        Object.assign(proxy, { cutAfter: Infinity });
        assert.ok(proxy.cut > 3, "it was tried again and again");
        assert.deepEqual(await list(), before);
        assert.deepEqual(await s3Uploads(s3), [], "the upload is aborted");

        Object.assign(proxy, { cutAfter: 6_000_000, cuts: 2, cut: 0 });
        const { code, stdout, stderr, peak } = await measured("backup", "create", "--json");
        assert.equal(code, 0, stderr);
        assert.equal(proxy.cut, 2);
        Object.assign(proxy, { cutAfter: Infinity });
        const made = JSON.parse(stdout);
        assert.ok(made.bytes > 30_000_000, stdout);
        const object = `/${s3.bucket}/school/${made.id}/database.sealed`;
        const stored = await s3Request(s3, "HEAD", object);
        if (s3.signed) assert.match(stored.headers.get("etag"), /-[4-9]"$/, "in parts");
        const read = await measured("backup", "verify", made.id);
        assert.equal(read.code, 0, read.stderr);
        for (const most of [peak, read.peak]) assert.ok(most < 100_000, `${most} kB`);
        console.log(`largest memory: create ${peak} kB, verify ${read.peak} kB`);
    } finally {
        Object.assign(proxy, { cutAfter: Infinity });
        sql("DROP TABLE bulk");
    }
});

test("a service that is away is told in words, and leaves no backup", async () => {
    const before = await list();
    proxy.refusals = Infinity;
    const refused = await throughProxy("backup", "create");
    proxy.refusals = 0;
    assert.equal(refused.code, 1);
    assert.match(
        refused.stderr,
        /the service is overloaded, and was asked several times\. Try again later \(503\)/,
    );
    const dead = await commandWith({ S3_ENDPOINT: "http://127.0.0.1:9" }, "backup", "create");
    assert.equal(dead.code, 1);
    assert.match(dead.stderr, /no answer: .*Check S3_ENDPOINT and the network/);
    assert.deepEqual(await list(), before);
    const status = json(await server.command("backup", "status", "--json"));
    assert.match(status.fault, /no answer/);
});

test("what is altered or cut short in the bucket is found before anything is replaced", async () => {
    const made = await create();
    const object = `/${s3.bucket}/school/${made.id}/files.sealed`;
    const { bytes } = await s3Request(s3, "GET", object);
    const users = (await server.command("user", "list")).stdout;
    const flipped = Buffer.from(bytes);
    flipped[flipped.length >> 1] ^= 4;
    for (const content of [flipped, bytes.subarray(0, bytes.length - 7), Buffer.alloc(0)]) {
        assert.equal((await s3Request(s3, "PUT", object, content)).status, 200);
        const read = await server.command("backup", "verify", made.id);
        assert.equal(read.code, 1);
        assert.match(read.stderr, /files\.sealed (was changed|has \d+ bytes instead of \d+)/);
        const refused = await server.command("backup", "restore", made.id, "--yes", "--no-safety");
        assert.equal(refused.code, 1);
        assert.equal((await server.command("user", "list")).stdout, users);
    }
    await s3Request(s3, "PUT", object, bytes);
    assert.equal((await server.command("backup", "verify", made.id)).code, 0);
    // Without its manifest it is no backup, and the next one tidies it up.
    await s3Request(s3, "DELETE", `/${s3.bucket}/school/${made.id}/manifest.json`);
    assert.ok(!(await list()).some(({ id }) => id === made.id));
    await create();
    assert.deepEqual(await s3Keys(s3, `school/${made.id}/`), []);
});

/** A backup that is in the middle of being made, and its end: what it exits with. */
async function slowBackup() {
    proxy.slow = 30;
    const child = spawn(program, ["backup", "create"], {
        env: { ...server.env, S3_ENDPOINT: proxy.url },
        cwd: path.dirname(server.dataFolder),
        stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; await pause(20))
        if ((await s3Keys(s3, "school/.lock")).length > 0) break;
    return { child, ended };
}

test("a killed backup leaves nothing that looks like one, and the next one needs not wait", async () => {
    const before = await list();
    const { child, ended } = await slowBackup();
    child.kill("SIGKILL");
    await ended;
    proxy.slow = 0;
    assert.equal((await s3Keys(s3, "school/.lock")).length, 1, "its lock is left");
    assert.deepEqual(await list(), before);
    await create();
    assert.deepEqual(await s3Uploads(s3), []);
    assert.deepEqual(await s3Keys(s3, "school/.lock"), []);
});

test("of two at once one is made, and the other told who makes it", async () => {
    const { ended } = await slowBackup();
    proxy.slow = 300;
    const other = await server.command("backup", "create");
    proxy.slow = 0;
    assert.deepEqual([await ended, other.code], [0, 1]);
    assert.match(other.stderr, /Another backup is being made or removed in s3:\/\/\S+ \(process \d+ of /);
});

test("of a day the newest stays, and what is held", async () => {
    const [first] = await list();
    assert.equal((await server.command("backup", "hold", first.id)).code, 0);
    const looked = json(await server.command("backup", "prune", "--dry-run", "--json"));
    const pruned = json(await server.command("backup", "prune", "--json"));
    assert.deepEqual(pruned.backups, looked.backups);
    const last = pruned.backups.at(-1);
    const ofRestores = (await list()).filter(({ reason }) => reason === "before restore").map(({ id }) => id);
    assert.match(last.why, /^newest, day 1 of 7/);
    assert.deepEqual(
        (await list()).map(({ id, held }) => [id, held]),
        [[first.id, true], ...ofRestores.map((id) => [id, false]), [last.id, false]],
    );
    const folders = new Set((await s3Keys(s3, "school/2")).map((name) => name.split("/")[1]));
    assert.deepEqual([...folders], [first.id, ...ofRestores, last.id]);
    assert.equal((await server.command("backup", "hold", first.id, "--release")).code, 0);
});

test("a folder and a bucket at once: each has its own numbers, and one that is away does not take the other along", async () => {
    const place = path.join(folder, "beside");
    const both = { BACKUP_TO: `${s3.place}-too?keep=2/1/1,${place}?keep=1/0/0` };
    const made = json(await commandWith(both, "backup", "create", "--json"));
    assert.equal(made.path, path.join(place, made.id), "a disk of this machine is the first");
    for (const from of [place, `${s3.place}-too`]) {
        const read = await server.command("backup", "verify", made.id, "--from", from);
        assert.match(read.stderr, /opened and is as it was written/, from);
    }
    const pruned = json(await commandWith(both, "backup", "prune", "--dry-run", "--json"));
    assert.deepEqual(
        pruned.backups.map(({ place: where, why }) => [where, why.match(/day 1 of \d/)?.[0]]),
        [
            [`${s3.place}-too`, "day 1 of 2"],
            [place, "day 1 of 1"],
        ],
    );
    const away = await commandWith({ ...both, S3_ENDPOINT: "http://127.0.0.1:9" }, "backup", "create");
    assert.equal(away.code, 1);
    assert.match(away.stderr, /The backup \S+ is not everywhere\. s3:\/\/\S+-too: .*no answer/);
    assert.equal(readdirSync(place).filter((name) => /^\d/.test(name)).length, 2);
    const listed = await commandWith({ ...both, S3_ENDPOINT: "http://127.0.0.1:9" }, "backup", "list");
    assert.equal(listed.code, 1);
    assert.equal(listed.stdout.trim().split("\n").length, 2);
});

test("what is no place is refused before anything is done", () => {
    for (const [place, words] of [
        ["s3://B/x", /must name a bucket of 3 to 63 small letters/],
        ["s3://school/a//b", /must have a prefix of letters/],
        ["s3://school/../b", /must have a prefix of letters/],
        ["/mnt?keep=7", /must say \?keep=DAYS\/WEEKS\/MONTHS/],
        ["s3://school/b,s3://school/b/", /must name each place once/],
        ["ftp://school/b", /must be folders of this machine or s3:\/\/BUCKET\/PREFIX/],
    ]) {
        const env = programEnvironment({ BACKUP_TO: place });
        const checked = spawnSync(program, ["config", "check"], { env, encoding: "utf8" });
        assert.equal(checked.status, 2, place);
        assert.match(checked.stderr, words);
    }
});
