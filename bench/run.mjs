#!/usr/bin/env node
// Speed as ratios, all measured in this one run on this one machine, with the floors beside us. Loads are bounded,
// stay on loopback and end by themselves.
//
//   node bench/run.mjs [access] [metrics] [health] [threads] [first] [streams] [memory] [start] [backup] [upload]
//     [reading] [search]
//
// Prints one table and exits 1 when a goal is missed.
import { randomUUID } from "node:crypto";
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { program, freePort, temporaryFolder, programEnvironment } from "../tests/support/server.mjs";
import { accessCost } from "./access.mjs";
import { backupRows } from "./backup.mjs";
import { firstTokenSpeed } from "./first.mjs";
import { pgbench, startNginx, statement } from "./floors.mjs";
import { cpuOf, cpuOfPostgres, median, residentOf, sleep, wrk } from "./machine.mjs";
import { readingSpeed } from "./reading.mjs";
import { searchSpeed } from "./search.mjs";
import { chatRequest, exchange, load } from "./stream_load.mjs";
import { startSubject } from "./subject.mjs";
import { uploadSpeed } from "./upload.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const parts = [
    "access",
    "metrics",
    "health",
    "threads",
    "first",
    "streams",
    "memory",
    "start",
    "backup",
    "upload",
    "reading",
    "search",
];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : parts;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const rows = [];

/** One line of the table. `best`: "most" when the figure must not exceed the goal, "least" when it must reach it. */
function report(name, figure, best, goal, remark = "") {
    const met = best === "most" ? figure <= goal : figure >= goal;
    const sign = best === "most" ? "<=" : ">=";
    const row = { name, figure, goal: `${sign} ${goal}`, met, remark };
    rows.push(row);
    console.error(`${met ? "ok  " : "MISS"} ${name}: ${figure} (goal ${row.goal}) ${remark}`);
}

const rounded = (x, digits = 2) => Number(x.toFixed(digits));

/** CPU of the session check and of all middleware, of a request that changes something. */
async function access() {
    const subject = await startSubject();
    const cost = await accessCost(root, subject);
    report("access: µs of CPU, session check", cost.session, "most", 10, cost.sessionRemark);
    report("access: µs of CPU, all middleware", cost.middleware, "most", 25, cost.remark);
    await subject.stop();
}

/** CPU of all metrics that one request leaves behind (bench/metrics.cpp). */
async function metrics() {
    const preset = process.env.PRESET ?? "release";
    const { stdout } = await promisify(execFile)(path.join(root, "build", preset, "bench_metrics"));
    const { microseconds } = JSON.parse(stdout);
    report("metrics: µs of CPU a request", microseconds, "most", 2, "a million requests to 100 routes");
}

/** A large file beside nginx, which neither seals, hashes nor waits for the disk. */
async function upload() {
    const { ratio, ours, theirs, memory } = await uploadSpeed(rounds);
    report(
        "upload: 100 MiB a second / nginx",
        rounded(ratio),
        "least",
        0.7,
        `${Math.round(ours)} and ${Math.round(theirs)} MiB/s; sealed, hashed and on the disk, which nginx's is not`,
    );
    report("upload: MiB of memory that 100 MiB take", Math.round(memory), "most", 16);
}

/** CPU per request of the health route beside nginx serving the same bytes, alternating. */
async function health() {
    const subject = await startSubject({ BRAINBYTES_THREADS: "1" });
    const url = `${subject.server.url}/api/health`;
    const nginx = await startNginx(await (await fetch(url)).text());
    const ours = [];
    const theirs = [];
    const rates = [];
    for (let round = 0; round < rounds; round += 1) {
        const floorBefore = nginx.cpu();
        const floor = await wrk(nginx.url, { seconds, connections: 64 });
        theirs.push((nginx.cpu() - floorBefore) / floor.requests);
        const before = cpuOf(subject.server.pid);
        const run = await wrk(url, { seconds, connections: 64 });
        ours.push((cpuOf(subject.server.pid) - before) / run.requests);
        rates.push(run.rate / floor.rate);
    }
    const micro = (list) => `${rounded(median(list) * 1e6, 1)} µs`;
    const ratio = median(ours.map((x, i) => x / theirs[i]));
    report(
        "health: CPU per request / nginx",
        rounded(ratio),
        "most",
        0.85,
        `${micro(ours)} / ${micro(theirs)}`,
    );
    report(
        "health: requests per second / nginx",
        rounded(median(rates)),
        "least",
        1.1,
        "wrk on the same cores",
    );
    await nginx.stop();
    await subject.stop();
}

/** GET /api/threads with 50 threads, signed in, beside pgbench with the same statement. */
async function threads() {
    const subject = await startSubject();
    for (let i = 0; i < 50; i += 1) {
        const json = { title: `A conversation about photosynthesis ${i}` };
        const { status } = await subject.student.request("/api/threads", { method: "POST", json });
        if (status !== 201) throw new Error(`POST /api/threads: ${status}`);
    }
    const sql = statement(path.join(root, "src/features/tutor/threads.cpp"), "list_sql");
    const literals = [`'${subject.me.id}'::uuid`, "51"];
    const rates = [];
    const costs = [];
    const remarks = [];
    for (let round = 0; round < rounds; round += 1) {
        const floor = await pgbench(subject.database, sql, literals, { seconds });
        const before = cpuOf(subject.server.pid) + cpuOfPostgres(subject.database.postmaster);
        const headers = { cookie: subject.student.cookie };
        const run = await wrk(`${subject.server.url}/api/threads`, { seconds, connections: 32, headers });
        const cpu = cpuOf(subject.server.pid) + cpuOfPostgres(subject.database.postmaster) - before;
        rates.push(run.rate / floor.rate);
        costs.push(cpu / run.requests / (floor.cpu / floor.count));
        remarks.push(`${Math.round(run.rate)}/s / ${Math.round(floor.rate)}/s`);
    }
    report("threads: rate / pgbench -c 4", rounded(median(rates)), "least", 0.6, remarks.join(", "));
    report(
        "threads: total CPU / pgbench",
        rounded(median(costs)),
        "most",
        1.0,
        "server + postgres / pgbench + postgres",
    );
    await subject.stop();
}

/** Added time to the first token, over: the model called directly + one committed row + one search statement. */
async function first() {
    const goals = { 1: 1, 16: 2 };
    for (const { of, clients, added, remark } of await firstTokenSpeed(root, rounds)) {
        const name = `first token: added ms, ${of}, ${clients} client(s)`;
        report(name, rounded(added), "most", goals[clients], remark);
    }
}

/** 2,000 replies at 10 tokens a second; memory meanwhile. */
async function streams() {
    const subject = await startSubject();
    await load({
        url: subject.server.url,
        cookie: subject.student.cookie,
        streams: 20,
        tokens: 5,
        ramp: 100,
    });
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, residentOf(subject.server.pid))), 200);
    const result = await load({
        url: subject.server.url,
        cookie: subject.student.cookie,
        streams: Number(process.env.BENCH_STREAMS ?? 2000),
        tokens: 100,
        delay: 100,
        ramp: 4000,
        limit: 90_000,
    });
    clearInterval(watch);
    const remark = `late p50 ${result.lateMs.p50}, p99 ${result.lateMs.p99} ms; first p50 ${result.firstMs.p50} ms; ${result.refused} refused`;
    report(
        "2,000 replies at 10 tokens/s: complete",
        rounded(result.complete / result.streams, 4),
        "least",
        1,
        remark,
    );
    report("resident MB with 2,000 streams", rounded(most, 1), "most", 150);
    await subject.stop();
}

/** Resident memory at rest, and of streams on which nothing happens: many followers of one slow reply. */
async function memory() {
    const subject = await startSubject();
    await sleep(500);
    report("resident MB idle", rounded(residentOf(subject.server.pid), 1), "most", 40);
    const thread = randomUUID();
    const { url } = subject.server;
    const words = "Count for me [[tokens=2 delay=60000]]";
    const stop = { until: "nothing ends it", limit: 45_000, keep: false };
    const followers = [exchange(url, chatRequest(url, subject.student.cookie, words, thread), stop)];
    await sleep(500);
    const follow = `GET /api/chat/${thread}/stream HTTP/1.1\r\nhost: a\r\ncookie: ${subject.student.cookie}\r\n\r\n`;
    const open = async (count) => {
        let heard = 0;
        for (let i = 0; i < count; i += 1) {
            let first = true;
            const note = () => {
                heard += first ? 1 : 0;
                first = false;
            };
            followers.push(exchange(url, follow, { ...stop, heard: note }));
            if (i % 50 === 49) await sleep(25);
        }
        for (let i = 0; i < 200 && heard < count; i += 1) await sleep(50);
        if (heard < count) throw new Error(`only ${heard} of ${count} streams began`);
    };
    await open(100); // what is paid once
    await sleep(500);
    const before = residentOf(subject.server.pid);
    await open(2000);
    await sleep(1000);
    const each = ((residentOf(subject.server.pid) - before) * 1024) / 2000;
    report("kB per idle stream", rounded(each), "most", 4);
    await subject.stop();
}

/** From the start of the process to the first 200 of /readyz, on a database that runs. */
async function start() {
    const subject = await startSubject();
    const url = `postgresql://brainbytes@/brainbytes?host=${encodeURIComponent(subject.database.sockets)}`;
    const times = [];
    for (let i = 0; i < 5; i += 1) {
        const port = await freePort();
        const folder = temporaryFolder("bb-start");
        const env = programEnvironment({
            DATABASE_URL: url,
            BRAINBYTES_DATA: path.join(folder, "data"),
            BRAINBYTES_LISTEN: `127.0.0.1:${port}`,
        });
        const began = performance.now();
        const child = spawn(program, ["serve"], { cwd: folder, env, stdio: "ignore" });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        let ready = false;
        while (!ready && performance.now() - began < 10_000 && child.exitCode === null) {
            const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
            ready = answer?.status === 200;
            if (!ready) await sleep(2);
        }
        if (!ready) throw new Error("the second server did not become ready");
        times.push(performance.now() - began);
        child.kill("SIGTERM");
        await ended;
    }
    report("start to ready, ms", Math.round(median(times)), "most", 150, times.map(Math.round).join(", "));
    await subject.stop();
}

/** Backup and restore as ratios to PostgreSQL's own programs. BENCH_BACKUP_MB names other sizes. */
async function backup() {
    const sizes = (process.env.BENCH_BACKUP_MB ?? "200,1000").split(",").map(Number);
    for (const [name, figure, best, goal, remark] of await backupRows(sizes))
        report(name, rounded(figure), best, goal, remark);
}

/** Pages of a PDF per second, from its upload until they can be found, beside pdftotext alone. */
async function reading() {
    const { ratio, remark } = await readingSpeed(root);
    report("reading: PDF pages per second / pdftotext", rounded(ratio), "least", 0.8, remark);
}

/** A search among 10,000 and among 100,000 passages of one person, beside a million of others. */
async function search() {
    const { speeds, remark } = await searchSpeed();
    const goals = [10, 40];
    for (const [i, { passages, p50, p95, worst }] of speeds.entries())
        report(
            `search: ms, ${i === 0 ? "10,000" : "100,000"} passages`,
            rounded(p50, 1),
            "most",
            goals[i],
            `p95 ${rounded(p95, 1)}, worst ${rounded(worst, 1)} ms; ${passages} passages, ${remark}`,
        );
}

const all = {
    access,
    metrics,
    health,
    threads,
    first,
    streams,
    memory,
    start,
    backup,
    upload,
    reading,
    search,
};
for (const part of wanted) {
    if (!all[part]) {
        console.error(`bench: no part "${part}"; there are ${parts.join(", ")}`);
        process.exit(2);
    }
    await all[part]();
}
const width = Math.max(...rows.map((row) => row.name.length));
console.log(`\n${"goal".padEnd(width)}  figure   wanted    met`);
for (const row of rows) {
    const cells = [
        row.name.padEnd(width),
        String(row.figure).padEnd(8),
        row.goal.padEnd(9),
        row.met ? "yes" : "NO ",
    ];
    console.log(`${cells.join(" ")}  ${row.remark}`);
}
process.exit(rows.every((row) => row.met) ? 0 : 1);
