// deploy/ha/cluster.mjs: what it refuses, and that the programs themselves accept what it writes. Those that are not
// installed (packages/ha.txt) are skipped, and said.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { readUnit } from "../ha/support/host.mjs";
import { Members } from "../ha/support/members.mjs";
import { asOwner, startDatabase } from "../support/database.mjs";
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
    ["no address", "address = 10.20.0.12", "address = db2", /:18: address = db2: must be an IPv4/],
    ["an address twice", "10.20.0.12", "10.20.0.11", /10\.20\.0\.11 is also the address of line 14/],
    ["a name twice", "[host db2]", "[host db1]", /db1 is also the name of line 14/],
    ["a name that is none", "[host db2]", "[host ../db2]", /"\.\.\/db2" is no name/],
    ["two hosts", "[host db2]", "[node db2]", /2 hosts: 3 or 5 are needed/],
    [
        "four hosts",
        "[node app1]",
        "[host app1]",
        /4 hosts: 3 or 5 are needed, .*\(2 or 4 while one of them has/,
    ],
    [
        "a second that joins",
        "\n\n[host db3]",
        "\njoins = yes\n\n[host db3]\njoins = yes",
        /:22: db2 joins too/,
    ],
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

test("a certificate for an address that only begins alike is made anew", async () => {
    const named = () => {
        const certificate = new X509Certificate(readFileSync(path.join(folder, "secrets", "app1.crt")));
        return certificate.subjectAltName.split(", ");
    };
    await write(small.replace("127.0.77.9", "127.0.77.91"));
    assert.ok(named().includes("IP Address:127.0.77.91"));
    await write();
    assert.ok(named().includes("IP Address:127.0.77.9"), named().join());
    assert.ok(!named().includes("IP Address:127.0.77.91"), named().join());
});

const strict = small.replace("backups", "synchronous = strict\nbackups");
const told =
    /synchronous changed, .*\n {2}patronictl -c \S+ edit-config brainbytes-production --force -s (\S+)/;

test("it says what a cluster that is there needs when synchronous changes, and nothing else", async () => {
    assert.doesNotMatch((await write()).out, told);
    assert.equal(told.exec((await write(strict)).out)?.[1], "synchronous_mode_strict=true");
    assert.doesNotMatch((await write(strict)).out, told);
    assert.equal(told.exec((await write()).out)?.[1], "synchronous_mode_strict=false");
});

const able = process.getuid() === 0 && ["etcd", "postgres"].every((name) => !spawnSync("id", [name]).status);
const skipInstall = !able && "install needs root, and the accounts that the packages of packages/ha.txt make";
test("install says so too, on a host that had the former file", { skip: skipInstall }, async () => {
    const install = async (text) => {
        await write(text);
        const { status, stdout, stderr } = spawnSync(written("db1", "install"), ["--no-start"], {
            encoding: "utf8",
        });
        assert.equal(status, 0, stderr);
        return stdout;
    };
    assert.doesNotMatch(await install(small), told);
    assert.equal(told.exec(await install(strict))?.[1], "synchronous_mode_strict=true");
    assert.doesNotMatch(await install(strict), told);
    assert.equal(told.exec(await install(small))?.[1], "synchronous_mode_strict=false");
});

test("install disables the units that are not written any more, and no other", async () => {
    const formerly = async (text, name) => {
        await write(text);
        const script = readFileSync(written(name, "install"), "utf8");
        assert.equal(spawnSync("sh", ["-n"], { input: script }).status, 0);
        const started = /^systemctl enable --quiet (.*)$/m.exec(script)[1].split(" ");
        const former = [...script.matchAll(/^former (\S+) (\S+)$/gm)];
        for (const [, unit, place] of former) assert.equal(path.basename(place), unit);
        for (const [, unit] of former) assert.ok(!started.includes(unit), unit);
        return former.map(([, unit]) => unit.replace("brainbytes-", ""));
    };
    const timers = ["backup-full.timer", "backup-incr.timer"];
    assert.deepEqual(await formerly(small, "db1"), []);
    assert.deepEqual(await formerly(small.replace("/srv/backups", "none"), "db1"), timers);
    assert.deepEqual(await formerly(small, "app1"), ["etcd.service", "patroni.service", ...timers]);
});

const unit = (name) => written("db1", "files", folder, "db1", "etc/systemd/system", `brainbytes-${name}`);

test("a missed backup is made up for", async () => {
    await write();
    for (const name of ["backup-full.timer", "backup-incr.timer"])
        assert.match(readFileSync(unit(name), "utf8"), /^Persistent=true$/m);
});

test("only a standby leaves the backup to others: a PostgreSQL that does not answer is a failure", async () => {
    await write();
    const [[command, ...args]] = readUnit(unit("backup@.service"), "full").condition;
    const database = await startDatabase();
    try {
        const run = path.join(folder, "db1/var/lib/brainbytes-ha/run");
        const at = args.map((word) => word.replaceAll(run, database.socket));
        assert.notDeepEqual(at, args);
        const env = { PATH: process.env.PATH, PGUSER: "tester" };
        const ask = (words) => spawnSync(command, words, { env, timeout: 90_000 }).status;
        assert.equal(ask(at), 0);
        assert.equal(ask(args), 255);
        await asOwner("touch", [path.join(database.socket, "../data/standby.signal")]);
        await database.restart();
        assert.equal(ask(at), 1);
    } finally {
        await database.stop();
    }
});

test("connections of a reloaded HAProxy end within half a minute", async () => {
    await write();
    for (const name of ["db1", "app1"])
        assert.match(
            readFileSync(path.join(settings(name), "haproxy.cfg"), "utf8"),
            /^global\n( .*\n)* {4}hard-stop-after 30s$/m,
        );
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

const noEtcd = spawnSync("sh", ["-c", "command -v etcd && command -v etcdctl"]).status !== 0;
test(
    "etcd takes in a fourth and a fifth host, and others in the place of two lost ones",
    { skip: noEtcd && "etcd is not installed: scripts/packages ha", timeout: 300_000 },
    async () => {
        const members = new Members({ folder, settings, write });
        try {
            await members.write([1, 2, 3]);
            for (const n of [1, 2, 3]) members.start(n);
            await members.are(1, 2, 3);
            await members.key("-XPUT", "-dvalue=kept");
            for (const n of [4, 5]) {
                await members.add(n);
                await members.write([1, 2, 3, 4, 5].slice(0, n), n);
                members.start(n);
                await members.are(...[1, 2, 3, 4, 5].slice(0, n));
            }
            await members.kill(1, 2, 3, 4, 5);
            for (const n of [2, 3]) rmSync(path.join(folder, `db${n}`), { recursive: true });
            members.start(1, "force-new-cluster: true\n");
            await members.are(1);
            await members.kill(1);
            members.start(1);
            for (const n of [2, 3]) {
                await members.add(n);
                await members.write([1, 2, 3].slice(0, n), n);
                members.start(n);
                await members.are(...[1, 2, 3].slice(0, n));
            }
            assert.match(await members.key(), /"value":"kept"/);
        } finally {
            await members.kill(...members.running.keys());
        }
    },
);
