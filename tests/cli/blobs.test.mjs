// Uploaded files in a bucket, on the real program and a real S3 server: their life, what verify finds, and moves between
// disk and bucket that are killed in the middle.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
    chownSync,
    existsSync,
    mkdirSync,
    readdirSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { create } from "../support/archives.mjs";
import { assertProblem } from "../support/checks.mjs";
import { finds, read } from "../support/doctor.mjs";
import { s3Keys, s3Request, s3Uploads, startProxy, startS3 } from "../support/s3.mjs";
import { program, startServer, temporaryFolder } from "../support/server.mjs";

let s3, proxy, server, mover;
before(async () => {
    s3 = await startS3({ bucket: "school-files" });
    proxy = await startProxy(s3.port);
    server = await startServer({
        env: { ...s3.env, S3_ENDPOINT: proxy.url, S3_BUCKET: "school-files/one" },
    });
});
after(async () => {
    await server?.stop();
    await mover?.stop();
    await proxy?.stop();
    await s3?.stop();
});

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const keysOf = async (prefix = "one/files/") => await s3Keys(s3, prefix);

async function send(person, material, name, bytes) {
    const form = new FormData();
    form.append("file", new Blob([bytes]), name);
    return person.request(`/api/materials/${material}/files`, {
        method: "POST",
        body: form,
        timeout: 120_000,
    });
}
async function uploaded(person, material, name, bytes) {
    const answer = await send(person, material, name, bytes);
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}
async function original(person, material, id) {
    const target = `${person.url}/api/materials/${material}/files/${id}/content`;
    const answer = await fetch(target, { headers: { cookie: person.cookie } });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}
async function settled(person, material, id) {
    for (const deadline = Date.now() + 60_000; ; await pause(50)) {
        const { json } = await person.request(`/api/materials/${material}/files/${id}`);
        if (json.state !== "waiting" && json.state !== "reading") return json;
        assert.ok(Date.now() < deadline, JSON.stringify(json));
    }
}
const person = async (at, email) => ({ ...(await at.as(email)), url: at.url });
const parsed = (done, code = 0) => {
    assert.equal(done.code, code, `${done.stdout}\n${done.stderr}`);
    assert.ok(done.stdout, done.stderr);
    return JSON.parse(done.stdout);
};
const verify = async (at, code = 0) => parsed(await at.command("blobs", "verify", "--json"), code);

/** Files of a server on its disk. */
function onDisk(at) {
    const folder = path.join(at.dataFolder, "files");
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true }).filter((name) =>
        /^[0-9a-f]{64}$/.test(path.basename(name)),
    );
}

test("a file lies sealed in the bucket alone, is read from there, and goes with its owner", async () => {
    const ana = await person(server, "ana@files.example");
    const ben = await person(server, "ben@files.example");
    const material = await create(ana, "/api/materials", { title: "Volcanoes" });
    const text = "Volcanoes spit lava, says a file that nobody else may read.";
    const small = await uploaded(ana, material, "lava.txt", text);
    assert.equal((await settled(ana, material, small.id)).state, "ready");
    const large = Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(9_000_000)]); // goes in two parts
    const big = await uploaded(ana, material, "big.pdf", large);
    const keys = await keysOf();
    assert.deepEqual(keys.map((key) => key.split("/")[3]).sort(), [sha256(text), sha256(large)].sort());
    assert.deepEqual(onDisk(server), []);
    for (const key of keys) {
        const { bytes } = await s3Request(s3, "GET", `/${s3.bucket}/${key}`);
        assert.equal(bytes.subarray(0, 8).toString(), "bbfile2\n");
        assert.ok(!bytes.includes("Volcanoes") && !bytes.includes("%PDF-1.7"), key);
    }
    assert.equal((await original(ana, material, small.id)).bytes.toString(), text);
    assert.ok((await original(ana, material, big.id)).bytes.equals(large));
    assert.equal((await original({ url: server.url, cookie: "" }, material, small.id)).status, 401);
    assert.equal((await original(ben, material, small.id)).status, 404);
    const head = await fetch(`${server.url}/api/materials/${material}/files/${big.id}/content`, {
        method: "HEAD",
        headers: { cookie: ana.cookie },
    });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(large.length)]);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
    assert.deepEqual(await verify(server).then(({ files, faults }) => [files, faults]), [2, 0]);
    assert.deepEqual(await s3Uploads(s3), []);

    const gone = await server.command("user", "erase", ana.email, "--now");
    assert.equal(gone.code, 0, gone.stderr);
    assert.deepEqual(await keysOf(), []);
});

test("a bucket that refuses for a moment is asked again; one that stays away is a 503 and loses nothing", async () => {
    const dora = await person(server, "dora@files.example");
    const material = await create(dora, "/api/materials", { title: "Rivers" });
    proxy.refusals = 1;
    const file = await uploaded(dora, material, "nile.txt", "The Nile is long.");
    assert.equal(proxy.refused, 1);
    await settled(dora, material, file.id);
    proxy.refusal = "HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    proxy.refusals = Infinity;
    const refused = await send(dora, material, "amazon.txt", "The Amazon is wide.");
    assertProblem(refused, 503, "unavailable");
    assert.ok(refused.headers.get("retry-after"));
    assert.equal((await original(dora, material, file.id)).status, 503);
    assert.equal((await server.request("/readyz")).status, 200, "everything else goes on");
    const told = await server.command("blobs", "verify");
    assert.equal(told.code, 1);
    assert.match(told.stderr, /s3:\/\/school-files.*503/);
    proxy.refusals = 0;
    assert.equal((await original(dora, material, file.id)).bytes.toString(), "The Nile is long.");
    const { json } = await dora.request(`/api/materials/${material}/files`);
    assert.equal(json.files.length, 1);
});

test("verify finds what is missing, changed and an orphan; a backup brings it back into the bucket", async () => {
    const finn = await person(server, "finn@files.example");
    const material = await create(finn, "/api/materials", { title: "Birds" });
    const files = {};
    for (const name of ["owl", "kiwi"])
        files[name] = await uploaded(finn, material, `${name}.txt`, `The ${name} is a bird.`);
    const made = await server.command("backup", "create", "--json");
    assert.ok(parsed(made).files >= 2, made.stdout);
    assert.equal(parsed(made).missingFiles, 0);
    const keyOf = async (name) =>
        (await keysOf()).find((key) => key.includes(sha256(`The ${name} is a bird.`)));
    const [owl, kiwi] = [await keyOf("owl"), await keyOf("kiwi")];
    await s3Request(s3, "DELETE", `/${s3.bucket}/${owl}`);
    const { bytes } = await s3Request(s3, "GET", `/${s3.bucket}/${kiwi}`);
    bytes[bytes.length - 1] ^= 1;
    await s3Request(s3, "PUT", `/${s3.bucket}/${kiwi}`, bytes);
    // Such as a crash between storing a file and naming it leaves; on the disk its age can be told.
    const [, , owner] = owl.split("/");
    const digest = sha256("nobody names this");
    const stray = path.join(server.dataFolder, "files", owner, digest.slice(0, 2), digest);
    mkdirSync(path.dirname(stray), { recursive: true });
    writeFileSync(stray, "sealed once");
    const { uid, gid } = statSync(server.dataFolder);
    const above = [stray, path.dirname(stray), path.dirname(path.dirname(stray))];
    for (const one of [...above, path.join(server.dataFolder, "files")]) chownSync(one, uid, gid);
    assert.equal((await verify(server, 1)).faults, 2, "what was stored just now may still be named");
    utimesSync(stray, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);

    const found = await verify(server, 1);
    const tell = ({ kind, file, place }) => [kind, file, place];
    const file = (key) => key.split("/").slice(2, 4).join("/");
    assert.deepEqual(
        found.findings.map(tell).sort(),
        [
            ["missing", file(owl), ""],
            ["changed", file(kiwi), "s3://school-files/one"],
            ["orphan", `${owner}/${digest}`, path.join(server.dataFolder, "files")],
        ].sort(),
    );
    const words = await server.command("blobs", "verify");
    assert.equal(words.code, 1);
    assert.match(words.stdout, new RegExp(`^missing\t${file(owl)}\t$`, "m"));
    assert.equal((await original(finn, material, files.owl.id)).status, 500);

    const back = parsed(
        await server.command("backup", "restore", parsed(made).id, "--yes", "--json", "--no-safety"),
    );
    assert.equal(back.missingFiles, 0);
    for (const deadline = Date.now() + 30_000; ; await pause(100)) {
        if ((await server.request("/readyz")).status === 200) break;
        assert.ok(Date.now() < deadline, server.tail());
    }
    assert.equal((await original(finn, material, files.owl.id)).bytes.toString(), "The owl is a bird.");
    assert.deepEqual(
        (await verify(server, 1)).findings.map(({ kind }) => kind),
        ["orphan"],
    );
});

test("verify tells uploads that have not ended, which are no faults", async (t) => {
    if (!s3.signed) return t.skip("s3rver lists no unfinished uploads: install moto for python3");
    const [, , owner] = (await keysOf())[0].split("/");
    const file = `${owner}/${sha256("it breaks off")}`;
    const uploads = [];
    for (const key of [`one/files/${file}/0190`, "another/files/x"]) {
        const { status, text } = await s3Request(s3, "POST", `/${s3.bucket}/${key}?uploads=`);
        assert.equal(status, 200, text);
        uploads.push(`/${s3.bucket}/${key}?uploadId=${text.match(/<UploadId>([^<]*)/)[1]}`);
    }
    const told = await verify(server, 1);
    assert.deepEqual(
        [told.faults, told.findings.map(({ kind }) => kind), told.unfinished],
        [1, ["orphan"], 1],
        "the orphan of before is the one fault",
    );
    assert.deepEqual(
        told.leftovers.map((one) => [one.file, one.place]),
        [[file, "s3://school-files/one"]],
    );
    assert.ok(told.leftovers[0].ageSeconds > 86_400, "moto says that all of them began in 2010");
    const words = await server.command("blobs", "verify");
    assert.match(words.stdout, new RegExp(`^leftover\t${file}\ts3://school-files/one\t\\d+ days old$`, "m"));
    assert.match(
        words.stderr,
        /^1 uploads have not ended: a running server ends those that are older than a day/m,
    );
    for (const one of uploads) await s3Request(s3, "DELETE", one);
    assert.deepEqual([(await verify(server, 1)).unfinished, await s3Uploads(s3)], [0, []]);
});

test("the doctor says whether the bucket answers", async () => {
    const look = async () => read(await server.command("doctor", "--json"));
    finds(await look(), "ok", "uploaded files", /^s3:\/\/school-files\/one answers$/, /^$/);
    proxy.refusals = Infinity;
    try {
        const refused = await look();
        finds(refused, "fail", "uploaded files", /503|no answer in time/, /Correct S3_BUCKET, S3_ENDPOINT/);
        assert.deepEqual(
            refused.of("uploaded files").filter(({ result }) => result === "ok"),
            [],
        );
    } finally {
        proxy.refusals = 0;
    }
});

test("a restore into another folder and a drill leave the bucket as it is", async () => {
    const before = await keysOf("");
    assert.ok(before.length > 0);
    const elsewhere = temporaryFolder("bb-into");
    try {
        const dataFolder = path.join(elsewhere, "data");
        const words = ["backup", "restore", "latest", "--into", dataFolder, "--json"];
        const back = parsed(await server.command(...words));
        assert.equal(back.missingFiles, 0);
        assert.ok(onDisk({ dataFolder }).length >= 2, "its files lie on the disk of that folder");
        assert.deepEqual(await keysOf(""), before);
    } finally {
        rmSync(elsewhere, { recursive: true, force: true });
    }
    const held = await server.command("drill", "run", "--scenario", "deleted-files", "--json");
    assert.ok(held.stdout, held.stderr);
    const files = JSON.parse(held.stdout).checks.find(({ name }) => name === "files");
    assert.ok(files?.good, held.stdout);
    assert.deepEqual(await keysOf(""), before);
});

/** A move through the slow proxy that is killed after some files. */
async function killedMove(at, enough) {
    proxy.slow = 20;
    const child = spawn(program, ["blobs", "move", "--to", "s3"], {
        env: { ...at.env, S3_ENDPOINT: proxy.url },
        cwd: path.dirname(at.dataFolder),
        stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal)));
    for (const deadline = Date.now() + 60_000; (await keysOf("two/files/")).length < enough; await pause(30))
        assert.ok(Date.now() < deadline && child.exitCode === null, "the move copies nothing");
    child.kill("SIGKILL");
    assert.equal(await ended, "SIGKILL");
    proxy.slow = 0;
}

/** A move through the slow proxy, behind which the bucket goes away after some files. */
async function brokenMove(at, enough) {
    const env = at.options.env;
    at.options.env = { ...env, S3_ENDPOINT: proxy.url };
    proxy.slow = 20;
    try {
        let ended = false;
        const moving = at.command("blobs", "move", "--to", "s3", "--json").finally(() => (ended = true));
        for (
            const deadline = Date.now() + 60_000;
            (await keysOf("two/files/")).length < enough;
            await pause(30)
        )
            assert.ok(Date.now() < deadline && !ended, "the move copies nothing");
        proxy.refusals = Infinity;
        return await moving;
    } finally {
        at.options.env = env;
        proxy.refusals = proxy.slow = 0;
    }
}

/** Makes a file of a server's disk as it was before files were sealed. */
function unseal(at, text) {
    const digest = sha256(text);
    const name = onDisk(at).find((one) => path.basename(one) === digest);
    writeFileSync(path.join(at.dataFolder, "files", name), text);
    const where = `host=${at.dataFolder}/run user=postgres dbname=brainbytes`;
    execFileSync("psql", [where, "-Xqc", `DELETE FROM file_keys WHERE digest = '\\x${digest}'`]);
}

test("files move into the bucket and back beside the server, also when the move is killed", async () => {
    mover = await startServer({ env: s3.env });
    let kim = await person(mover, "kim@files.example");
    const material = await create(kim, "/api/materials", { title: "Stones" });
    const files = [];
    const add = async (text) => files.push({ text, ...(await uploaded(kim, material, `${text}.txt`, text)) });
    for (let i = 0; i < 12; i += 1) await add(`stone ${i}`);
    const readAll = async () => {
        for (const { id, text } of files)
            assert.equal((await original(kim, material, id)).bytes.toString(), text);
    };
    const move = async (to, ...more) => await mover.command("blobs", "move", "--to", to, "--json", ...more);

    const unset = await move("s3");
    assert.equal(unset.code, 1);
    assert.match(unset.stderr, /Set S3_BUCKET, restart every server/);
    mover.options.env = { ...s3.env, S3_BUCKET: "school-files/two" };
    const dry = parsed(await move("s3", "--dry-run"));
    assert.deepEqual([dry.copied, dry.present, (await keysOf("two/")).length], [12, 0, 0]);
    const early = await move("s3", "--remove");
    assert.equal(early.code, 1, "the server does not know of the bucket yet");
    assert.match(early.stderr, /process \d+ on host .* does not store files in s3:\/\/school-files\/two/);

    const restart = async (env) => {
        await mover.stop({ keep: true });
        mover.options.env = env;
        await mover.start();
        kim = await person(mover, "kim@files.example");
    };
    await restart({ ...s3.env, S3_BUCKET: "school-files/two" });
    await readAll();
    await add("a new stone");
    unseal(mover, "stone 0");
    await readAll();
    await killedMove(mover, 4);
    const before = (await keysOf("two/files/")).length;
    assert.ok(before >= 4 && before < 11, String(before));
    await readAll();
    const broken = await brokenMove(mover, before + 2);
    const part = parsed(broken, 1);
    assert.equal(part.complete, false);
    assert.ok(part.copied >= 1 && part.copied < 12, broken.stdout);
    assert.match(broken.stderr, /503/);
    await readAll();
    const again = parsed(await move("s3"));
    assert.deepEqual([again.copied + again.present, again.faults, again.removed], [12, 0, 0]);
    assert.equal(again.complete, true);
    for (const key of await keysOf("two/files/")) {
        const { bytes } = await s3Request(s3, "GET", `/${s3.bucket}/${key}`);
        assert.equal(bytes.subarray(0, 8).toString(), "bbfile2\n", "also what was stored before");
    }
    assert.equal((await verify(mover)).faults, 0);
    assert.ok(again.present >= 2, JSON.stringify(again));
    assert.equal(onDisk(mover).length, 12);
    const removed = parsed(await move("s3", "--remove"));
    assert.deepEqual([removed.copied, removed.present, removed.removed], [0, 12, 12]);
    assert.deepEqual(onDisk(mover), []);
    await readAll();
    assert.deepEqual(await verify(mover).then(({ files: named, faults }) => [named, faults]), [13, 0]);

    await restart({ ...s3.env, S3_BUCKET_BEFORE: "school-files/two" });
    await readAll();
    const back = parsed(await move("disk", "--remove"));
    assert.deepEqual([back.copied, back.removed, back.faults], [13, 13, 0]);
    assert.deepEqual(await keysOf("two/files/"), []);
    assert.equal(onDisk(mover).length, 13);
    await restart(s3.env);
    await readAll();
    const { stdout } = await mover.command("audit", "list", "--action", "files.moved");
    assert.equal((stdout.match(/files\.moved/g) ?? []).length, 4, stdout);
});
