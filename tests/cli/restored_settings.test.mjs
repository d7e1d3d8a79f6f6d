// Where the settings of a backup go when it is restored onto a machine that has none.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const isRoot = process.getuid() === 0;
const options = "BRAINBYTES_URL=https://tutor.example\nBACKUP_WAL_DAYS=0\n";
const stages = "[stages.dev]\n";
const ofData = {
    "brainbytes.toml": "# who is told\n",
    "trust/ABC.pub": "key",
    "releases/ledger.jsonl": "{}\n",
    "stages/production.jsonl": "{}\n",
};

const put = (folder, files) => {
    for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
    }
};
const read = (...steps) => readFileSync(path.join(...steps), "utf8");

let server, made;
const hosts = [];
before(async () => {
    server = await startServer({ env: { BACKUP_WAL_DAYS: "0" } });
    put(server.dataFolder, ofData);
    put(server.ownFolder, {
        ".env": options,
        ".env.local": "BRAINBYTES_DATA=/srv/of-the-former-machine\n",
        "brainbytes.toml": stages,
    });
    const done = await server.command("backup", "create", "--json");
    assert.equal(done.code, 0, done.stderr);
    made = JSON.parse(done.stdout);
});
after(async () => {
    await server?.stop();
    for (const folder of hosts) rmSync(folder, { recursive: true, force: true });
});

/** A folder that nothing of ours is in. */
function newHost() {
    const folder = temporaryFolder("bb-new-host");
    chmodSync(folder, 0o755);
    hosts.push(folder);
    return folder;
}
/** Restores the backup in the folder of a host. */
function restore(folder, words = [], wrapper = [], env = {}) {
    const command = [
        ...[...wrapper, program, "backup", "restore", made.id, "--yes"],
        ...["--from", path.dirname(made.path), "--key", path.join(server.dataFolder, "backup.key"), ...words],
    ];
    const done = spawnSync(command[0], command.slice(1), {
        cwd: folder,
        env: programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data"), ...env }),
        encoding: "utf8",
    });
    assert.equal(done.status, 0, done.stderr);
    return done;
}
const beside = (folder, data = "data") => {
    const kept = path.join(folder, data, `settings-of-${made.id}`);
    return existsSync(kept)
        ? readdirSync(kept, { recursive: true, withFileTypes: true })
              .filter((one) => one.isFile())
              .map((one) => path.relative(kept, path.join(one.parentPath ?? one.path, one.name)))
              .sort()
        : [];
};

test("on an empty machine they come in their places, closed to others, and are named", () => {
    const folder = newHost();
    const { stderr } = restore(folder);
    assert.equal(read(folder, ".env"), options);
    assert.equal(read(folder, "brainbytes.toml"), stages);
    for (const [name, text] of Object.entries(ofData)) assert.equal(read(folder, "data", name), text);
    const names = [".env", "brainbytes.toml", ...Object.keys(ofData).map((name) => `data/${name}`)];
    for (const name of names) {
        const file = path.join(folder, name);
        assert.equal(statSync(file).mode & 0o777, 0o600, name);
        assert.equal(statSync(file).uid, statSync(path.dirname(file)).uid, name);
        assert.ok(stderr.includes(`  ${file}\n`), `${file} in ${stderr}`);
    }
    assert.match(stderr, /paths and addresses of the former machine: BRAINBYTES_URL\n/);
    assert.match(stderr, /Releases that these keys have signed are trusted here/);
    assert.match(stderr, /before you start the server; "brainbytes config show"/);
    assert.deepEqual(readdirSync(folder).sort(), [".env", "brainbytes.toml", "data"], "nothing else");
});

test("options that would lead a server past what was restored stay beside, and why is said", () => {
    const folder = newHost();
    const { stderr } = restore(folder);
    assert.deepEqual(beside(folder), [".env.local"]);
    assert.match(
        stderr,
        /The other settings of the backup are in \S+\n {2}\.env\.local: its BRAINBYTES_DATA is/,
    );
    const show = spawnSync(program, ["config", "show", "--json"], {
        cwd: folder,
        env: programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data") }),
        encoding: "utf8",
    });
    assert.match(show.stdout, /https:\/\/tutor\.example/);
});

test("what stands there is not touched, and a key is not added to those that are trusted", () => {
    const folder = newHost();
    put(folder, { ".env": "BACKUP_WAL_DAYS=1\n", "data/trust/OWN.pub": "own" });
    if (!isRoot) chmodSync(path.join(folder, "data"), 0o700);
    const done = JSON.parse(restore(folder, ["--json"]).stdout);
    assert.equal(read(folder, ".env"), "BACKUP_WAL_DAYS=1\n");
    assert.deepEqual(readdirSync(path.join(folder, "data/trust")), ["OWN.pub"]);
    assert.deepEqual(beside(folder), [".env", ".env.local", "trust/ABC.pub"]);
    assert.equal(done.settings, path.join(folder, "data", `settings-of-${made.id}`));
    assert.deepEqual(
        done.settingsPlaced.sort(),
        [
            "brainbytes.toml",
            "data/brainbytes.toml",
            "data/releases/ledger.jsonl",
            "data/stages/production.jsonl",
        ]
            .map((name) => path.join(folder, name))
            .sort(),
    );
});

test("into another folder, only those of the data come in their places", () => {
    const folder = newHost();
    const other = path.join(newHost(), "data");
    restore(folder, ["--into", other]);
    assert.deepEqual(readdirSync(folder), []);
    assert.equal(read(other, "trust/ABC.pub"), "key");
    assert.deepEqual(beside(path.dirname(other)), [".env", ".env.local", "brainbytes.toml"]);
});

test("a dry run puts nothing, and --no-settings lays all of them beside", () => {
    const folder = newHost();
    restore(folder, ["--dry-run"]);
    assert.deepEqual(
        readdirSync(folder).filter((name) => name !== "data"),
        [],
    );
    restore(folder, ["--no-settings"]);
    assert.deepEqual(readdirSync(folder), ["data"]);
    assert.equal(beside(folder).length, 3 + Object.keys(ofData).length);
});

test("where there is data, nothing comes back that may have been taken away on purpose", () => {
    const folder = newHost();
    restore(folder, ["--no-settings"]);
    rmSync(path.join(folder, "data", `settings-of-${made.id}`), { recursive: true });
    restore(folder, ["--no-safety"]);
    assert.equal(existsSync(path.join(folder, ".env")), false);
    assert.equal(existsSync(path.join(folder, "data/trust")), false);
    assert.equal(beside(folder).length, 3 + Object.keys(ofData).length);
});

test("in a folder of another account, what root puts there is that account's", (t) => {
    if (!isRoot) return t.skip("needs root");
    const folder = newHost();
    const account = statSync(server.dataFolder);
    spawnSync("chown", [`${account.uid}:${account.gid}`, folder]);
    restore(folder);
    for (const name of [".env", "brainbytes.toml"])
        assert.equal(statSync(path.join(folder, name)).uid, account.uid, name);
});

// A machine with the service of deploy/systemd, in a mount namespace of its own.
const script = `
    mount -t tmpfs tmpfs "$1/layer"
    for name in etc lib; do mkdir "$1/layer/$name" "$1/layer/$name-work"; done
    mount -t overlay -o "lowerdir=/etc,upperdir=$1/layer/etc,workdir=$1/layer/etc-work" overlay /etc
    mount -t overlay -o "lowerdir=/var/lib,upperdir=$1/layer/lib,workdir=$1/layer/lib-work" overlay /var/lib
    rm -rf /etc/brainbytes /var/lib/brainbytes
    mkdir /etc/brainbytes
    [ -z "$2" ] || printf %s "$2" > /etc/brainbytes/environment
    shift 2
    "$@" >&2
    stat -c '%a %u %g' /etc/brainbytes/environment
    cat /etc/brainbytes/environment`;
const apart = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh"];
function whyNoService() {
    if (!isRoot) return "needs root";
    const folder = newHost();
    mkdirSync(path.join(folder, "layer"));
    const tried = spawnSync(apart[0], [...apart.slice(1), folder, "X=1", "true"], { encoding: "utf8" });
    return tried.status === 0 ? false : `no mounts here: ${tried.stderr}`;
}

test("the options of the service come back where they are missing, root's and readable to its account", async (t) => {
    const why = whyNoService();
    if (why) return t.skip(why);
    const text = "BRAINBYTES_STAGE=production\n";
    const former = newHost();
    mkdirSync(path.join(former, "layer"));
    // A backup of a machine that has the file: made in such a namespace, into a folder outside of it.
    const place = path.join(former, "place");
    mkdirSync(place);
    chmodSync(place, 0o777);
    const env = { BRAINBYTES_DATA: "/var/lib/brainbytes" };
    const inside = (words, given) => {
        const folder = newHost();
        mkdirSync(path.join(folder, "layer"));
        const done = spawnSync(apart[0], [...apart.slice(1), folder, given, ...words], {
            cwd: folder,
            env: programEnvironment(env),
            encoding: "utf8",
        });
        assert.equal(done.status, 0, done.stderr);
        return done;
    };
    const key = path.join(former, "backup.key");
    const both = `${program} db migrate && ${program} backup create --to ${place} && cp /var/lib/brainbytes/backup.key ${key}`;
    inside(["sh", "-ec", both], text);
    const back = [program, "backup", "restore", "latest", "--yes", "--from", place, "--key", key];
    const restored = inside(back, "");
    const [facts, ...lines] = restored.stdout.split("\n");
    assert.match(facts, /^640 0 [1-9]\d*$/);
    assert.equal(lines.join("\n"), text);
    assert.match(restored.stderr, / {2}\/etc\/brainbytes\/environment\n/);
    const kept = inside(back, "BRAINBYTES_STAGE=staging");
    assert.match(kept.stdout, /BRAINBYTES_STAGE=staging$/);
    assert.match(kept.stderr, /environment: \/etc\/brainbytes\/environment is there/);
});
