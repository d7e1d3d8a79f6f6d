// A cluster of three hosts loses one thing after the other under load (make test-ha). Bars: no acknowledged write is
// lost, no write is accepted on the side of a minority, and writes go on after at most thirty seconds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";

import { program, programEnvironment, startServer } from "../support/server.mjs";
import { Cluster } from "./support/cluster.mjs";
import { commandLine, until } from "./support/host.mjs";
import { Load, missing } from "./support/load.mjs";

const { HA_NAME, HA_FOLDER } = process.env;
const longest = 30;
const minority = fileURLToPath(new URL("./support/minority.mjs", import.meta.url));

let cluster, cookies;
const all = []; // every load, to be found again at the end

/** A server as `make run` starts it, with something in it, and its last backup: {secret, place, key}. */
async function backUpOneMachine() {
    const place = path.join(HA_FOLDER, "moved");
    mkdirSync(place);
    chmodSync(place, 0o777);
    const key = path.join(place, "backup.key");
    execFileSync(program, ["backup", "keygen", key], { env: programEnvironment() });
    const server = await startServer({
        env: { BACKUP_TO: path.join(place, "backups"), BACKUP_KEY_FILE: key },
    });
    try {
        const ana = await server.as("ana@example.org");
        const made = await ana.request("/api/materials", { method: "POST", json: { title: "From before" } });
        assert.equal(made.status, 201);
        const backup = await server.command("backup", "create");
        assert.equal(backup.code, 0, backup.stderr);
        const secret = path.join(place, "secret");
        copyFileSync(path.join(server.dataFolder, "secret"), secret);
        return { secret, place: path.join(place, "backups"), key };
    } finally {
        await server.stop();
    }
}

before(async () => {
    assert.ok(HA_NAME && HA_FOLDER, "run by scripts/test-ha, which makes the network");
    cluster = new Cluster(HA_NAME, HA_FOLDER);
    await cluster.build(await backUpOneMachine());
    cookies = [];
    for (const name of ["ana", "ben", "carla", "dan"])
        cookies.push(await cluster.nodes[0].cookieFor(`${name}@example.org`));
    await (await cluster.primary()).sql("CREATE TABLE split_brain (n integer)");
});
after(async () => {
    for (const node of cluster?.nodes ?? []) node.child?.kill("SIGKILL");
    for (const host of cluster?.hosts ?? []) host.wanted.clear();
});

function figure(line) {
    console.log(line);
    appendFileSync(path.join(HA_FOLDER, "figures"), `${line}\n`);
}

/** Waits until `host` is a standby that streams: what Patroni last said of it may be older than its restart. */
async function follows(host) {
    await until(`${host.name} streams from the primary`, async () => {
        const streams = "SELECT pg_is_in_recovery() AND EXISTS (SELECT FROM pg_stat_wal_receiver)";
        return (await host.sql(streams)) === "t";
    });
    await cluster.settled();
}

/** Runs `fault` under load, waits for writes to go on, and checks what must hold. */
async function underLoad(words, fault) {
    const load = new Load(cluster.nodes, cookies);
    all.push(load);
    load.start();
    await until("writes before", () => load.count > 40);
    const start = Date.now();
    try {
        await fault();
        const done = load.count;
        await until("writes afterwards", () => load.count > done + 40, 90);
    } finally {
        await load.stop();
    }
    const silence = load.silence(start);
    const primary = await cluster.primary();
    const { lost, found, twice } = await missing(primary, load);
    figure(
        `${words}: ${silence.toFixed(1)} s without an acknowledged write; ` +
            `${load.count} acknowledged, ${found} found, ${load.refused} sent again`,
    );
    assert.deepEqual(lost, [], "acknowledged writes are gone");
    assert.deepEqual(twice, [], "a create sent again was made twice");
    assert.deepEqual(load.wrong, [], "answers that nobody should get");
    assert.ok(silence <= longest, `${silence} s`);
}

test("the files make a primary, a synchronous standby and a replica, and two servers on them", async () => {
    await cluster.settled();
    for (const node of cluster.nodes) assert.equal((await node.request("/readyz")).status, 200);
    const primary = await cluster.primary();
    assert.equal(await primary.sql("SHOW synchronous_commit"), "on");
    assert.notEqual(await primary.sql("SHOW synchronous_standby_names"), "");
    assert.equal(await primary.sql("SHOW ssl"), "on");
});

test("what was on one machine before is there, at both servers", async () => {
    for (const node of cluster.nodes) {
        const { json } = await node.request("/api/materials", { cookie: cookies[0] });
        assert.deepEqual(
            json.materials.map(({ title }) => title),
            ["From before"],
        );
    }
});

test("who has no certificate is let into etcd and Patroni nowhere", async () => {
    const [host] = cluster.hosts;
    const file = (name) => path.join(host.settings, name);
    const own = ["--cert", file("postgres.crt"), "--key", file("postgres.key")];
    for (const [port, good] of [
        [2379, /"health":"true"/],
        [8008, /"role"/],
    ]) {
        const ask = ["curl", "-sS", "--max-time", "5", "--cacert", file("ca.crt")];
        const url = `https://${host.address}:${port}/${port === 2379 ? "health" : "patroni"}`;
        assert.match(await host.run([...ask, ...own, url]), good);
        await assert.rejects(host.run([...ask, url]), /curl: \((35|55|56)\)/);
    }
});

test("kill -9 of the primary and its Patroni", { timeout: 300_000 }, async () => {
    const former = await cluster.primary();
    await underLoad(`kill -9 of PostgreSQL and Patroni on the primary`, async () => {
        await former.kill("patroni");
        await cluster.primary(former);
    });
    const unheard = "a backup fails, and is not left to others, where PostgreSQL does not answer";
    await assert.rejects(former.once("backup@", "full"), { code: 255 }, unheard);
    former.start("patroni");
    await cluster.settled();
    await follows(former);
});

test("a switchover by the operator", { timeout: 300_000 }, async () => {
    const [host] = cluster.hosts;
    const target = (await cluster.primary()) === host ? cluster.hosts[1] : host;
    await underLoad("patronictl switchover", () => cluster.switchTo(target));
    await cluster.switchTo(host);
    await cluster.settled();
});

test("the primary is cut off the network, with a server beside it", { timeout: 400_000 }, async () => {
    const [former] = cluster.hosts;
    assert.equal(await cluster.primary(), former);
    const before = await former.sql("SELECT timeline_id FROM pg_control_checkpoint()");
    let tried;
    await underLoad("network of the primary cut, a server on its host", async () => {
        await former.wire("down");
        const sockets = path.join(former.data, "run");
        const attempts = [process.execPath, minority, "50", sockets, cookies[0]];
        const trying = former.run(attempts, { timeout: 120_000 });
        await cluster.primary(former);
        tried = JSON.parse(await trying);
        // What was acknowledged meanwhile must outlive the return of the former primary too.
        await former.wire("up");
        await cluster.settled();
        assert.notEqual(await cluster.primary(), former, "it does not take the lead back by itself");
    });
    figure(`  on the cut side: ${JSON.stringify(tried)}`);
    assert.equal(tried.sqlAccepted, 0);
    assert.equal(tried.httpAccepted, 0);
    assert.ok(tried.sqlTried > 5 && tried.httpTried > 5);
    await follows(former);
    for (const host of cluster.hosts) {
        assert.equal(await host.sql("SELECT count(*) FROM split_brain"), "0");
        assert.equal(await host.sql("SELECT count(*) FROM materials WHERE title LIKE 'Minority %'"), "0");
    }
    const now = await (await cluster.primary()).sql("SELECT timeline_id FROM pg_control_checkpoint()");
    assert.ok(Number(now) > Number(before));
    await until(
        "the server there is ready",
        async () => (await cluster.nodes[0].request("/readyz")).status === 200,
    );
});

test("HAProxy is reloaded", { timeout: 300_000 }, async () => {
    const [host] = cluster.hosts;
    const workers = async () => {
        const lines = (await host.processes()).map((pid) => [pid, commandLine(pid)]);
        return lines.filter(([, line]) => /haproxy -/.test(line)).map(([pid]) => pid);
    };
    const before = await workers();
    await underLoad("reload of HAProxy beside a server", async () => {
        host.reload("haproxy");
        // The former worker asks no Patroni: what it holds must not outlive the half minute that it is allowed.
        await until("another worker has taken over, and the former is gone", async () => {
            const now = await workers();
            return now.length === 2 && now.filter((pid) => before.includes(pid)).length === 1;
        });
    });
});

test("the leader of etcd stops", { timeout: 300_000 }, async () => {
    const status = JSON.parse(
        await cluster.hosts[0].etcdctl("endpoint", "status", "--cluster", "-w", "json"),
    );
    const leader = status.find(({ Status }) => Status.leader === Status.header.member_id);
    const host = cluster.hosts.find(({ address }) => leader.Endpoint.includes(address));
    const primary = await cluster.primary();
    await underLoad("kill -9 of the leader of etcd", async () => {
        await host.kill("etcd");
        await pause(25_000); // longer than a lease lives
    });
    assert.equal(await cluster.primary(), primary, "nobody took over for that");
    host.start("etcd");
    await until("three members are healthy", async () => {
        const health = JSON.parse(await host.etcdctl("endpoint", "health", "--cluster", "-w", "json"));
        return health.length === 3 && health.every((one) => one.health);
    });
});

test("kill -9 of a server", { timeout: 300_000 }, async () => {
    const [, node] = cluster.nodes;
    await underLoad("kill -9 of a server", async () => {
        await node.kill();
        await pause(3000);
        await node.start();
    });
});

test("a host with an empty disk takes the place of a lost one", { timeout: 300_000 }, async () => {
    const primary = await cluster.primary();
    const lost = cluster.hosts.find((host) => host !== primary);
    await underLoad("a standby lost with its disk, and replaced", async () => {
        await cluster.replace(lost);
        await cluster.settled();
    });
    assert.equal(await cluster.primary(), primary);
    await follows(lost);
});

test("pgBackRest: a backup on the primary alone, restored elsewhere", { timeout: 300_000 }, async () => {
    const primary = await cluster.primary();
    const [standby] = cluster.hosts.filter((host) => host !== primary);
    assert.equal(await standby.once("backup@", "full"), false, "a standby leaves it to the primary");
    assert.equal(await primary.once("backup@", "full", 200_000), true);
    await primary.sql("CREATE TABLE after_backup (n integer)");
    await primary.sql("INSERT INTO after_backup VALUES (1)");
    await primary.sql("SELECT pg_switch_wal()");
    const rows = await primary.sql("SELECT count(*) FROM materials");
    const folder = path.join(HA_FOLDER, "restored");
    await standby.run(["install", "-d", "-m", "700", "-o", "postgres", folder]);
    const as = { user: "postgres", timeout: 200_000 };
    const config = path.join(standby.settings, "pgbackrest.conf");
    const engine = [
        "pgbackrest",
        `--config=${config}`,
        "--stanza=brainbytes-staging",
        `--pg1-path=${folder}`,
    ];
    await until("the write-ahead log is in the archive", async () => {
        const last = await primary.sql(
            "SELECT last_archived_time > now() - interval '1 minute' FROM pg_stat_archiver",
        );
        return last === "t";
    });
    await standby.run([...engine, "--archive-mode=off", "restore"], as);
    const control = "/usr/lib/postgresql/15/bin/pg_ctl";
    const options = `-p 5499 -c listen_addresses= -k ${folder} -c ssl=off -c hba_file=${folder}/pg_hba.conf`;
    await standby.run(["chmod", "-R", "u+rwX,go-rwx", folder]);
    const begin = [control, "-D", folder, "-w", "-t", "120", "-l", `${folder}/log`, "-o", options, "start"];
    await standby.run(begin, as);
    const ask = (text) =>
        standby.run(["psql", "-XAt", "-h", folder, "-p", "5499", "-c", text, "brainbytes"], as);
    assert.equal(await ask("SELECT count(*) FROM after_backup"), "1");
    assert.equal(await ask("SELECT count(*) FROM materials"), rows);
    await standby.run([control, "-D", folder, "-m", "immediate", "stop"], as);
});

test("everything that was acknowledged stands on every host", { timeout: 120_000 }, async () => {
    await cluster.settled();
    const primary = await cluster.primary();
    const end = await primary.sql("SELECT pg_current_wal_lsn()");
    let written = 0;
    for (const host of cluster.hosts) {
        if (host !== primary)
            await until(
                `${host.name} has replayed`,
                async () => (await host.sql(`SELECT pg_last_wal_replay_lsn() >= '${end}'`)) === "t",
            );
        written = 0;
        for (const load of all) {
            const { lost, found } = await missing(host, load);
            assert.deepEqual(lost, [], host.name);
            written += found;
        }
    }
    figure(
        `in all: ${all.reduce((sum, load) => sum + load.count, 0)} writes acknowledged, ${written} found on each host`,
    );
});

test("pgBackRest brings the whole cluster back to a moment", { timeout: 600_000 }, async () => {
    const host = await cluster.primary();
    await host.sql("CREATE TABLE moment (n integer)");
    await host.sql("INSERT INTO moment VALUES (1)");
    const target = await host.sql("SELECT now()");
    await host.sql("INSERT INTO moment VALUES (2)");
    for (const node of cluster.nodes) await node.kill();
    const start = Date.now();
    await cluster.recover(host, target, async (sql) =>
        assert.equal(await sql("SELECT string_agg(n::text, ',') FROM moment"), "1"),
    );
    figure(`back to a moment, on all hosts: ${((Date.now() - start) / 1000).toFixed(0)} s`);
    for (const one of cluster.hosts) {
        if (one !== host) await follows(one);
        assert.equal(await one.sql("SELECT string_agg(n::text, ',') FROM moment"), "1", one.name);
        for (const load of all) assert.deepEqual((await missing(one, load)).lost, [], one.name);
    }
    for (const node of cluster.nodes) await node.start();
});
