// scripts/image-root, and the program in what it makes: as the account of the image, its root read-only, without
// capabilities, and with nothing of this machine in sight but /proc and /dev. Needs root.
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
import { after, before, describe, test } from "node:test";

import { pdfOf } from "../support/pdf.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const has = (word) => spawnSync("sh", ["-c", `command -v ${word}`]).status === 0;
const lacking = ["dpkg-query", "ldd", "strip", "unshare", "nsenter", "setpriv", "pdftoppm"].filter(
    (word) => !has(word),
);
function whyNot() {
    if (process.getuid() !== 0) return "only root may mount and change its root";
    if (lacking.length > 0) return `not here: ${lacking.join(", ")}`;
    const apart = spawnSync("unshare", ["--mount", "--propagation", "private", "true"]);
    return apart.status === 0 ? false : "the root of this machine is no mount point";
}
const skip = whyNot();
const account = 10001;
// What a runtime mounts, in a namespace of its own that this process holds open until its input ends.
const mounts = `
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    mount --bind "$2" "$1/data"
    echo ready
    exec cat`;
/** A script that becomes the program in there, as the account. */
const wrapper = (holder, base) => `#!/bin/sh
exec nsenter --target ${holder} --mount setpriv --no-new-privs --inh-caps=-all \\
    --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
    chroot --userspec=${account}:${account} --groups=${account} ${base} "\${BASE_PROGRAM:-/usr/local/bin/brainbytes}" "$@"
`;

describe("the root of the image", { skip }, () => {
    let folder, base, support, server, said, holder;
    const inside = (file) => path.join(base, file);
    const run = (words, env = {}) =>
        spawnSync(path.join(folder, "brainbytes"), words, {
            encoding: "utf8",
            env: { PATH: process.env.PATH, BRAINBYTES_DATA: "/data/brainbytes", ...env },
        });
    // Links are not followed: some folders have two names.
    const everything = (below = base) =>
        readdirSync(below, { withFileTypes: true }).flatMap((one) => {
            const file = path.join(below, one.name);
            return one.isDirectory() ? everything(file) : one.isFile() ? [{ name: one.name, file }] : [];
        });

    before(async () => {
        support = await import("../support/server.mjs");
        folder = support.temporaryFolder("bb-root");
        base = path.join(folder, "root");
        const stripped = path.join(folder, "stripped");
        assert.equal(spawnSync("strip", ["--strip-debug", "-o", stripped, support.program]).status, 0);
        said = spawnSync(path.join(root, "scripts/image-root"), [base, stripped], { encoding: "utf8" });
        assert.equal(said.status, 0, said.stderr);
        mkdirSync(path.join(folder, "data"));
        chownSync(path.join(folder, "data"), account, account);
        const words = ["--mount", "--propagation", "private", "sh", "-euc", mounts, "sh", base];
        holder = spawn("unshare", [...words, path.join(folder, "data")], {
            stdio: ["pipe", "pipe", "inherit"],
        });
        const [ready] = await once(holder.stdout, "data");
        assert.equal(String(ready), "ready\n");
        writeFileSync(path.join(folder, "brainbytes"), wrapper(holder.pid, base));
        chmodSync(path.join(folder, "brainbytes"), 0o755);
    });
    after(async () => {
        await server?.stop();
        holder?.stdin.end();
        if (holder) await once(holder, "exit");
        if (folder) rmSync(folder, { recursive: true, force: true });
    });

    test("no shell, no package manager, no interpreter, and nothing with rights of another", (t) => {
        t.diagnostic(said.stdout.trim());
        const files = everything();
        for (const { name, file } of files) {
            assert.doesNotMatch(
                name,
                /^((ba|da|k|z)sh|busybox|perl.*|python.*|apt.*|dpkg|env|rm|ls|curl)$/,
                file,
            );
            assert.equal(statSync(file).mode & 0o7022, 0, file);
        }
        assert.equal(readlinkSync(inside("usr/bin/sh")), "../local/bin/brainbytes");
        const programs = files.filter(({ file }) => /\/s?bin\//.test(file));
        assert.deepEqual(
            programs
                .map(({ name }) => name)
                .filter((name) => name !== "tesseract")
                .sort(),
            "brainbytes initdb locale pdfimages pdftoppm pdftotext pg_basebackup pg_dump pg_restore postgres".split(
                " ",
            ),
        );
    });

    test("its account owns /data alone, and files have one date", () => {
        assert.equal(statSync(inside("data")).uid, account);
        assert.equal(statSync(inside("data")).mode & 0o7777, 0o700);
        assert.equal(statSync(inside("tmp")).mode & 0o7777, 0o1777);
        assert.match(readFileSync(inside("etc/passwd"), "utf8"), /^brainbytes:x:10001:10001:/m);
        for (const { file } of everything()) {
            const { uid, mtimeMs } = statSync(file);
            assert.ok(uid === 0 && mtimeMs === 0, file);
        }
    });

    test("scanners see which packages it is made of, and which Debian it is", () => {
        const place = inside("var/lib/dpkg/status.d");
        for (const name of [
            "libc6",
            "libssl3",
            "postgresql-15",
            "poppler-utils",
            "tzdata",
            "ca-certificates",
        ])
            assert.match(readFileSync(path.join(place, name), "utf8"), /^Status: install ok installed$/m);
        for (const name of readdirSync(place))
            assert.ok(existsSync(inside(`usr/share/doc/${name}/copyright`)), name);
        assert.match(readFileSync(inside("etc/os-release"), "utf8"), /VERSION_CODENAME=bookworm/);
    });

    test("sh is no shell: it begins PostgreSQL's programs", () => {
        const sh = (command) => run(["-c", command], { BASE_PROGRAM: "/bin/sh" });
        const begun = sh('"/usr/lib/postgresql/15/bin/postgres" -V');
        assert.match(begun.stdout, /^postgres \(PostgreSQL\) 15\./, begun.stderr);
        for (const command of ["echo a", "/usr/bin/pdftotext -v", "locale; locale", "locale $HOME"]) {
            const refused = sh(command);
            assert.equal(refused.status, 127, command);
            assert.match(refused.stderr, /there is no shell in this image/);
        }
    });

    test("the server starts with its private database, and reads a PDF and a picture", async (t) => {
        process.env.BRAINBYTES_BIN = path.join(folder, "brainbytes");
        support = await import("../support/server.mjs?in=image");
        const env = { BRAINBYTES_DATA: "/data/brainbytes" };
        server = await support.startServer({ dataFolder: path.join(folder, "data/brainbytes"), env });
        const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
        assert.match(status, /^Uid:\t10001\t10001\t10001\t10001$/m);
        assert.match(status, /^CapEff:\t0+$/m);
        const ana = await server.as("ana@example.org");
        const made = await ana.request("/api/materials", { method: "POST", json: { title: "Cells" } });
        const pdf = pdfOf(["Mitochondria make energy."]);
        const kinds = [["cells.pdf", Buffer.from(pdf)]];
        if (existsSync(inside("usr/bin/tesseract"))) {
            const page = spawnSync("pdftoppm", ["-png", "-r", "200", "-"], { input: pdf });
            kinds.push(["cells.png", page.stdout]);
        } else t.diagnostic("no picture is read: tesseract is not installed");
        for (const [name, bytes] of kinds) {
            const form = new FormData();
            form.append("file", new Blob([bytes]), name);
            const place = `/api/materials/${made.json.id}/files`;
            const sent = await ana.request(place, { method: "POST", body: form });
            assert.equal(sent.status, 201, sent.text);
            const text = await textOf(ana, `${place}/${sent.json.id}`);
            assert.match(text, /Mitochondria make energy/, name);
        }
    });

    test("backups are made and read back, and a physical one is restored", async () => {
        for (const words of [
            "db verify",
            "backup create",
            "backup verify",
            "backup create --method physical",
            "backup verify --restore",
        ]) {
            const done = await server.command(...words.split(" "));
            assert.equal(done.code, 0, `${words}: ${done.stdout}${done.stderr}`);
        }
    });

    test("nothing but /data and /tmp can be written", async () => {
        for (const place of ["/etc/backups", "/usr/local/backups"]) {
            const done = await server.command("backup", "create", "--to", place);
            assert.notEqual(done.code, 0);
            assert.match(done.stderr, /Read-only file system/i);
        }
    });

    test("SIGTERM stops it in order", async () => assert.equal((await server.stop({ keep: true })).code, 0));
});

/** The text of a file once it is read. */
async function textOf(person, place) {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
        const { json } = await person.request(place);
        if (json.state === "ready") return json.text;
        if (!["reading", "waiting"].includes(json.state)) throw new Error(JSON.stringify(json));
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${place} was not read`);
}
