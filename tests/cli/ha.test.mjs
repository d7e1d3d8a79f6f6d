// deploy/ha/cluster.mjs: what it refuses, and that the programs themselves accept what it writes. Those that are not
// installed (packages/ha.txt) are skipped, and said.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { temporaryFolder } from "../support/server.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const example = readFileSync(path.join(root, "deploy/ha/cluster.conf.example"), "utf8");
// Addresses of this machine's loopback, where the programs may look whether a port is free.
const small = [
    "backups = /srv/backups",
    "prefix = PREFIX/{name}",
    ...[1, 2, 3].flatMap((n) => [`[host db${n}]`, `address = 127.0.77.${n}`]),
    "[node app1]",
    "address = 127.0.77.9",
].join("\n");

let folder;
before(() => (folder = temporaryFolder()));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command on a file with this text: {code, out, err}. */
async function cluster(text, verb = "check", ...more) {
    const file = path.join(folder, "cluster.conf");
    writeFileSync(file, text.replaceAll("PREFIX", folder));
    const command = [path.join(root, "deploy/ha/cluster.mjs"), verb, file, ...more];
    try {
        const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { timeout: 60_000 });
        return { code: 0, out: stdout, err: stderr };
    } catch (fault) {
        return { code: fault.code, out: fault.stdout, err: fault.stderr };
    }
}

const write = (text = small) => cluster(text, "write", "--to", path.join(folder, "out"));
const written = (...parts) => path.join(folder, "out", ...parts);
const settings = (name) => written(name, "files", folder, name, "etc/brainbytes-ha");

function everyFile(top) {
    return readdirSync(top, { withFileTypes: true }).flatMap((entry) => {
        const whole = path.join(top, entry.name);
        return entry.isDirectory() ? everyFile(whole) : [whole];
    });
}

test("the example is good", async () => {
    const { code, out } = await cluster(example);
    assert.equal(code, 0);
    assert.match(out, /3 hosts, 2 nodes, cluster brainbytes-production/);
});

for (const [words, from, to, complaint] of [
    ["an unknown setting", "stage =", "stags =", /:4: "stags" is no setting here/],
    ["a wrong value", "stage = production", "stage = prod", /:4: stage = prod: must be one of dev,/],
    ["a line of neither kind", "stage = production", "production", /:4: "production" is neither/],
    ["a setting twice", "user = brainbytes", "database = other", /:6: "database" stands here twice/],
    ["a missing setting", "backups = /mnt/backups", "#", /:1: "backups" is missing/],
    ["an account of PostgreSQL's", "user = brainbytes", "user = postgres", /:6: user = postgres: must be/],
    ["no address", "address = 10.20.0.12", "address = db2", /:17: address = db2: must be an IPv4/],
    ["an address twice", "10.20.0.12", "10.20.0.11", /10\.20\.0\.11 is also the address of line 13/],
    ["a name twice", "[host db2]", "[host db1]", /db1 is also the name of line 13/],
    ["a name that is none", "[host db2]", "[host ../db2]", /"\.\.\/db2" is no name/],
    ["two hosts", "[host db2]", "[node db2]", /2 hosts: 3 or 5 are needed/],
    ["a word of a shell", "/mnt/backups", "/mnt/$(id)", /backups = .*: must be the absolute path/],
]) {
    test(`${words} is refused with its line, and nothing is written`, async () => {
        assert.ok(example.includes(from));
        const { code, err } = await cluster(example.replace(from, to), "write", "--to", written());
        assert.equal(code, 1);
        assert.match(err, complaint);
        assert.ok(!existsSync(written()));
    });
}

test("wrong words are a wrong usage", async () => {
    assert.equal((await cluster(example, "make")).code, 2);
    assert.equal((await cluster(example, "write", "--too", "x")).code, 2);
});

test("it writes each machine's files, keeps secrets, and changes only what must change", async () => {
    const first = await write();
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(readdirSync(written()).sort(), ["app1", "db1", "db2", "db3", "machines"]);
    assert.ok(existsSync(path.join(settings("db1"), "patroni.yml")));
    assert.ok(!existsSync(path.join(settings("app1"), "patroni.yml")));
    const before = new Map(everyFile(folder).map((file) => [file, readFileSync(file, "utf8")]));
    const again = await write();
    assert.match(again.out, /db1: 0 new, 0 changed/);
    for (const file of everyFile(folder)) assert.equal(readFileSync(file, "utf8"), before.get(file), file);
    const moved = await write(small.replace("127.0.77.9", "127.0.77.8"));
    assert.match(moved.out, /app1: 0 new, \d changed/);
    assert.match(moved.out, /changed .*patroni\.yml/);
    assert.match((await write(small.slice(0, small.indexOf("[node")))).out, /removed .*app1/);
    assert.ok(!existsSync(written("app1")));
});

test("nothing secret can be read by others, and passwords that can be are refused", async () => {
    await write();
    const secrets = path.join(folder, "secrets");
    const words = readdirSync(secrets).filter((name) => /password|secret/.test(name));
    assert.equal(words.length, 6);
    const kept = words.map((name) => readFileSync(path.join(secrets, name), "utf8").trim());
    for (const file of everyFile(folder)) {
        const text = readFileSync(file, "utf8");
        const secret = kept.some((one) => text.includes(one)) || text.includes("PRIVATE KEY");
        if (secret) assert.equal(statSync(file).mode & 0o077, 0, file);
    }
    const install = readFileSync(written("db1", "install"), "utf8");
    for (const name of ["patroni.yml", "haproxy.pem", "userlist.txt", "first.sql", "pgbackrest.conf"])
        assert.match(install, new RegExp(`file 600 \\w+ \\S+/${name}\n`), name);
    const file = path.join(secrets, "superuser.password");
    chmodSync(file, 0o644);
    assert.match((await write()).err, /superuser\.password can be read by others: chmod 600/);
    chmodSync(file, 0o600);
    writeFileSync(file, "short'; --\n");
    assert.match((await write()).err, /superuser\.password: 16 to 100 of/);
    rmSync(file);
});

/** A program's own look at a file; skipped where it is not installed. */
function looks(words, command, args, good) {
    const absent = spawnSync("sh", ["-c", `command -v ${command}`]).status !== 0;
    const skip = absent && `${command} is not installed: scripts/packages ha`;
    test(words, { skip }, async () => {
        await write();
        const { status, stdout, stderr } = spawnSync(command, args(), { encoding: "utf8", timeout: 60_000 });
        good(`${stdout}${stderr}`, status);
    });
}

/** The written file, its paths changed to those of the written files: nothing is installed here. */
function inPlace(name, file) {
    const text = readFileSync(path.join(settings(name), file), "utf8");
    const copy = path.join(folder, file);
    const bin = path.join(folder, name, "etc/brainbytes-ha");
    writeFileSync(copy, text.replaceAll(bin, settings(name)));
    return copy;
}

looks(
    "haproxy accepts its file",
    "haproxy",
    () => ["-c", "-f", inPlace("db1", "haproxy.cfg")],
    (said, status) => assert.equal(status, 0, said),
);
looks(
    "patroni accepts its file",
    "patroni",
    () => ["--validate-config", inPlace("db1", "patroni.yml")],
    (said) =>
        // That no etcd runs here is all that it may say; its exit code tells nothing.
        assert.equal(said.replace(/^.* is not reachable.*\n?/gm, ""), ""),
);
looks(
    "pgbackrest knows every option",
    "pgbackrest",
    () => {
        const file = inPlace("db1", "pgbackrest.conf");
        return [`--config=${file}`, "--stanza=brainbytes-production", "--repo1-path=/nowhere", "info"];
    },
    (said) => {
        assert.doesNotMatch(said, /invalid|WARN|ERROR: \[0(27|29|30|31|32)\]/);
    },
);
looks(
    "systemd knows every line of the units",
    "systemd-analyze",
    () => {
        const units = written("db1", "files", folder, "db1", "etc/systemd/system");
        return ["verify", "--man=no", ...readdirSync(units).map((name) => path.join(units, name))];
    },
    (said) => assert.doesNotMatch(said, /Unknown|Failed to parse|bad unit|ignoring/i),
);
