// `brainbytes doctor` where little is left to look at: no server, no database, no room, no host.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { finds, read } from "../support/doctor.mjs";
import { Fleet, noFleet } from "../support/fleet.mjs";
import { freePort, program, startServer } from "../support/server.mjs";

const isRoot = process.getuid() === 0;
let server;
before(async () => {
    server = await startServer();
    await server.stop({ keep: true });
});
after(() => server?.cleanUp());

/** The doctor on the data of the server that was stopped, with other options, perhaps under another program. */
function look(options = {}, around = []) {
    const [first, ...rest] = [...around, program, "doctor", "--json"];
    const env = { ...server.env, ...options };
    return new Promise((resolve) => {
        execFile(first, rest, { env, cwd: server.ownFolder, timeout: 60_000 }, (fault, stdout, stderr) =>
            resolve(read({ code: fault ? fault.code : 0, stdout, stderr })),
        );
    });
}

test("a private database that is down is told, and left down", async () => {
    const seen = await look();
    finds(
        seen,
        "fail",
        "database",
        /the private database in .*postgres is down/,
        /It starts with the server: /,
    );
    finds(
        seen,
        "fail",
        "server",
        /it does not run/,
        /Start it: (systemctl start brainbytes|brainbytes serve)/,
    );
    assert.equal(seen.of("newest backup").length, 0);
    assert.equal(existsSync(path.join(server.dataFolder, "postgres/postmaster.pid")), false);
    const nowhere = path.join(server.ownFolder, "nowhere");
    const bare = await look({ BRAINBYTES_DATA: nowhere });
    finds(bare, "fail", "data folder", /No such file/, /mount its disk/);
    finds(bare, "fail", "database", /there is none yet/, /makes it when it starts/);
    assert.equal(existsSync(nowhere), false);
});

test("a log that cannot be kept is named", async () => {
    const logs = path.join(server.dataFolder, "logs");
    finds(await look({ BRAINBYTES_LOG_DAYS: "0" }), "ok", "log", /no files of it are wanted/, /^$/);
    renameSync(logs, `${logs}.kept`);
    try {
        finds(await look(), "ok", "log", /logs is made with the next line$/, /^$/);
        writeFileSync(logs, "in the way");
        finds(await look(), "fail", "log", /logs is no folder/, /mv \S+logs \S+logs\.old$/);
    } finally {
        rmSync(logs, { force: true });
        renameSync(`${logs}.kept`, logs);
    }
    chmodSync(logs, 0o500);
    try {
        finds(await look(), "fail", "log", /nothing can be written into \S+logs: Permission/, /chown -R/);
    } finally {
        chmodSync(logs, 0o700);
    }
});

test("a disk that hangs does not hold us up", async () => {
    // Nobody writes into this pipe: to read it waits for ever.
    const key = path.join(server.dataFolder, "backup.key");
    rmSync(key, { force: true });
    execFileSync("mkfifo", ["-m", "600", key]);
    try {
        finds(await look(), "fail", "backup key", /did not come back within 2\.0 s/, /network mount.*df -h/);
    } finally {
        rmSync(key);
    }
});

test("few open files are named before connections are refused", async () => {
    const few = await look({}, ["prlimit", "--nofile=256:256"]);
    finds(
        few,
        "fail",
        "file limit",
        /may have 256 files.*needs at least 1024/,
        /LimitNOFILE=65536.*ulimit -n 65536/,
    );
    finds(await look({}, ["prlimit", "--nofile=4096:4096"]), "warn", "file limit", /4096/, /LimitNOFILE/);
});

test("a database outside is asked, and one that is away or silent does not hold us up", async () => {
    const database = await startDatabase();
    try {
        const seen = await look({ DATABASE_URL: database.url });
        for (const name of ["database", "clock of the database"])
            assert.equal(seen.of(name)[0].result, "ok", name);
        finds(seen, "fail", "schema", /at number 0/, /brainbytes db migrate/);
        finds(seen, "warn", "BRAINBYTES_SECRET", /derived from DATABASE_URL/, /openssl rand/);
        finds(seen, "warn", "data checksums", /off/, /pg_checksums/);
    } finally {
        await database.stop();
    }
    const away = await look({ DATABASE_URL: `postgresql://u:hidden@127.0.0.1:${await freePort()}/x` });
    finds(away, "fail", "database", /refused/, /psql "\$DATABASE_URL"/);
    assert.doesNotMatch(JSON.stringify(away.report), /hidden/);
    const silent = net.createServer(() => {});
    await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `postgresql://u:hidden@127.0.0.1:${silent.address().port}/x`;
    const held = await look({ DATABASE_URL: url });
    finds(held, "fail", "database", /did not come back within [12]\.\d s/, /overloaded or hangs/);
    silent.close();
});

test("places of backups: full, gone, closed, and a bucket that does not answer", async (t) => {
    const place = path.join(server.ownFolder, "place");
    finds(await look({ BACKUP_TO: place }), "fail", `place ${place}`, /not there/, /mount -a.*install -d/);
    mkdirSync(place, { mode: 0o700 });
    if (isRoot)
        finds(await look({ BACKUP_TO: place }), "fail", `place ${place}`, /may not write/, /chown -R/);
    const port = await freePort();
    const bucket = { BACKUP_TO: "s3://school/a", S3_ENDPOINT: `http://127.0.0.1:${port}` };
    const keys = { S3_ACCESS_KEY_ID: "a", S3_SECRET_ACCESS_KEY: "q7WJmC0XlE1qGnTzv4Vd9wR2" };
    finds(await look({ ...bucket, ...keys }), "fail", "place s3://school/a", /./, /S3_ENDPOINT/);
    if (!isRoot) return t.skip("a small disk is mounted by root");
    try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", place], { stdio: "pipe" });
    } catch (fault) {
        return t.skip(`no disk can be mounted: ${fault.stderr}`);
    }
    try {
        writeFileSync(path.join(place, "filler"), Buffer.alloc(3_600_000));
        finds(await look({ BACKUP_TO: place }), "warn", "disk of backups", /\(14 %\)/, /du -xh .*place/);
        writeFileSync(path.join(place, "more"), Buffer.alloc(500_000));
        finds(
            await look({ BACKUP_TO: place }),
            "fail",
            "disk of backups",
            /free \([0-4] %\)/,
            /du -xh .*place/,
        );
    } finally {
        execFileSync("umount", [place]);
    }
});

test("every host of a stage is looked at over ssh", { skip: noFleet() ?? false }, async () => {
    const fleet = new Fleet(2);
    try {
        await fleet.start();
        cpSync(program, path.join(fleet.hosts[0].folder, "bin/brainbytes"));
        mkdirSync(path.join(fleet.hosts[0].folder, "srv/brainbytes"), { recursive: true });
        mkdirSync(path.join(fleet.hosts[1].folder, "srv/brainbytes"), { recursive: true });
        const hosts = JSON.stringify(fleet.hosts.map(({ address }) => address));
        const lines = [
            "[stages.staging]",
            `hosts = ${hosts}`,
            'ssh_config = "ssh_config"',
            'data = "/srv/brainbytes"',
        ];
        writeFileSync(fleet.at("brainbytes.toml"), `${lines.join("\n")}\n`);
        const { code, stdout } = await fleet.command("doctor", "--json", "--stage", "staging");
        assert.equal(code, 1);
        const [one, two] = JSON.parse(stdout).hosts;
        assert.equal(one.host, fleet.hosts[0].address);
        const database = one.report.checks.find(({ name }) => name === "database");
        assert.match(database.found, /none yet in \/srv\/brainbytes/);
        assert.equal(two.report.checks[0].name, "host");
        assert.match(two.report.checks[0].fix, /ssh 10\.77\.0\.12 \/usr\/local\/bin\/brainbytes --version/);
        const text = (await fleet.command("doctor", "--stage", "staging")).stdout;
        assert.match(text, /^10\.77\.0\.11:\nok /);
        assert.match(text, /\n10\.77\.0\.12:\nfail +host /);
    } finally {
        fleet.stop();
    }
});
