// Backing up and bringing back beside PostgreSQL's own programs on the same data, in turns.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import path from "node:path";

import { program, startServer, temporaryFolder } from "../tests/support/server.mjs";
import { childrenOf, cpuOf, cpuOfPostgres, median, runAs, sleep } from "./machine.mjs";

const kibIn = (file, name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? 0);

/** MB of a command, at its most until now, and of those that it started of the same program, of now. */
function memoryOf(pid) {
    const exe = readlinkSync(`/proc/${pid}/exe`);
    let kib = kibIn(`/proc/${pid}/status`, "VmHWM");
    for (const other of childrenOf(pid)) {
        try {
            // What is shared with the command is not counted twice.
            if (readlinkSync(`/proc/${other}/exe`) === exe)
                kib += kibIn(`/proc/${other}/smaps_rollup`, "Pss");
        } catch {
            // it has ended
        }
    }
    return kib / 1024;
}

/** How often requests are measured, without a backup and during one. */
const liveTurns = 5;

/** Seconds of wall and CPU of a command of ours with all that it starts, and the most resident MB of ours. */
async function ours(server, ...words) {
    const began = performance.now();
    const before = cpuOfPostgres(server.postmaster);
    const child = spawn(program, words, { env: server.env, cwd: path.dirname(server.dataFolder) });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    let most = 0;
    let cpu = 0;
    const watch = setInterval(() => {
        try {
            most = Math.max(most, memoryOf(child.pid));
            // Programs that it started count while they run, and when it has waited for them.
            const now =
                cpuOf(child.pid, true) + childrenOf(child.pid).reduce((sum, pid) => sum + cpuOf(pid), 0);
            cpu = Math.max(cpu, now);
        } catch {
            // it has ended
        }
    }, 20);
    const [code] = await once(child, "close");
    clearInterval(watch);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${said}`);
    const seconds = (performance.now() - began) / 1000;
    return { seconds, cpu: cpu + cpuOfPostgres(server.postmaster) - before, most };
}

/** The same of PostgreSQL's own programs, in a shell that tells what it and its children took. */
async function theirs(server, shell, text) {
    const before = cpuOfPostgres(server.postmaster);
    const { stdout, seconds } = await shell(`${text}; times`);
    const minutes = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
    const cpu = minutes.slice(-4).reduce((sum, one) => sum + one, 0);
    return { seconds, cpu: cpu + cpuOfPostgres(server.postmaster) - before };
}

/** Requests to a signed-in list while `work` runs, or for some seconds without: {p50, p99 in ms, ms of CPU each}. */
async function requests(server, student, work) {
    let over = false;
    const until = work ? work().finally(() => (over = true)) : sleep(3000).then(() => (over = true));
    const times = [];
    const cpu = cpuOf(server.pid);
    while (!over) {
        const began = performance.now();
        const { status } = await student.request("/api/threads");
        if (status !== 200) throw new Error(`/api/threads: ${status}`);
        times.push(performance.now() - began);
        await sleep(2);
    }
    await until;
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.floor((times.length - 1) * share)];
    return { p50: at(0.5), p99: at(0.99), cpu: ((cpuOf(server.pid) - cpu) * 1000) / times.length };
}

/** A server with `megabytes` of words in a table, as people write them: they compress as texts do. */
async function filledServer(folder, megabytes) {
    // The log would be sealed beside what is measured.
    const server = await startServer({
        env: { BACKUP_TO: path.join(folder, "backups"), BACKUP_WAL_DAYS: 0 },
    });
    const sockets = path.join(server.dataFolder, "run");
    const owner = statSync(server.dataFolder);
    if (process.getuid() === 0) chownSync(folder, owner.uid, owner.gid);
    [server.postmaster] = server.databasePids();
    const shell = (text) =>
        runAs(sockets, "bash", ["-ec", `export PGHOST=${sockets} PGUSER=brainbytes; ${text}`]);
    const words = "cell wall energy membrane the of and water plant light sugar grows moves a leaf root"
        .split(" ")
        .map((word) => `'${word}'`);
    await shell(`psql -qX brainbytes -c "CREATE TABLE bulk AS SELECT n, (SELECT string_agg(word, ' ') FROM (
        SELECT (ARRAY[${words}])[1 + floor(random() * 16)::int] || floor(random() * 50)::int AS word
        FROM generate_series(1, 160) WHERE n IS NOT NULL) w) AS text
        FROM generate_series(1, ${megabytes * 1000}) n"`);
    return { server, shell };
}

/**
 * What each of PostgreSQL's programs and ours took, in turns, for a database of `megabytes`:
 * {dump, restore, physical: {theirs, mine: [{seconds, cpu}]}, most: {backup, restore: MB}, live: [{without, during}]}.
 */
async function measure(megabytes, turns) {
    const folder = temporaryFolder("bb-bench-backup");
    const { server, shell } = await filledServer(folder, megabytes);
    const dump = path.join(folder, "dump.zst");
    const base = path.join(folder, "base.zst");
    const kinds = ["dump", "restore", "physical"];
    const took = Object.fromEntries(kinds.map((kind) => [kind, { theirs: [], mine: [] }]));
    const most = { backup: 0, restore: 0 };
    for (let turn = 0; turn < turns; turn += 1) {
        const floor = async (kind, text) => took[kind].theirs.push(await theirs(server, shell, text));
        const mine = async (kind, ...words) => {
            const made = await ours(server, ...words);
            took[kind].mine.push(made);
            const what = kind === "restore" ? "restore" : "backup";
            most[what] = Math.max(most[what], made.most);
        };
        await floor("dump", `pg_dump -Fc -Z0 brainbytes | zstd -q -f -T2 -o ${dump}`);
        await mine("dump", "backup", "create");
        await floor("restore", `createdb other; zstd -dcq ${dump} | pg_restore --no-owner -d other`);
        await shell("dropdb other");
        await mine("restore", "backup", "restore", "latest", "--yes", "--no-safety");
        await ours(server, "backup", "restore", "--purge", "--yes");
        await shell("vacuumdb -q brainbytes");
        const copy = "pg_basebackup -U postgres -D - -Ft -X fetch --checkpoint=fast --no-manifest";
        await floor("physical", `${copy} | zstd -q -f -T2 -o ${base}`);
        await mine("physical", "backup", "create", "--method", "physical");
        await ours(server, "backup", "prune");
    }
    const student = await server.as("bench@backup.example");
    const live = [];
    // In turns, so that what else the machine does meanwhile falls on both.
    for (let turn = 0; turn < liveTurns; turn += 1) {
        const without = await requests(server, student);
        const during = await requests(server, student, () => ours(server, "backup", "create"));
        live.push({ without, during });
    }
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    return { took, most, live };
}

const middle = (list, field) => median(list.map((one) => one[field]));

/**
 * Rows for the table of `make bench`, [name, figure, "least" or "most", goal, remark], of a database of each of these
 * sizes in MB.
 */
export async function backupRows(sizes, turns = 5) {
    const rows = [];
    for (const megabytes of sizes) {
        const { took, most, live } = await measure(megabytes, megabytes > 1000 ? 1 : turns);
        const told = (kind) => {
            const { theirs, mine } = took[kind];
            const both = (field) =>
                `${middle(theirs, field).toFixed(2)} / ${middle(mine, field).toFixed(2)} s`;
            const each = (middle(mine, "cpu") * 1000) / megabytes;
            return `${both("seconds")}, CPU ${both("cpu")}, ${each.toFixed(1)} s of CPU per GB`;
        };
        const ratio = (kind) => middle(took[kind].theirs, "seconds") / middle(took[kind].mine, "seconds");
        const name = (text) => `${text}, ${megabytes} MB`;
        rows.push(
            [name("backup, sealed: rate / pg_dump -Z0 | zstd"), ratio("dump"), "least", 0.9, told("dump")],
            [
                name("physical, sealed: rate / pg_basebackup | zstd"),
                ratio("physical"),
                "least",
                0.9,
                told("physical"),
            ],
            [name("restore, checked: rate / pg_restore"), ratio("restore"), "least", 0.9, told("restore")],
            [name("backup: MB of memory"), Math.round(most.backup), "most", 100, ""],
            [name("restore: MB of memory"), Math.round(most.restore), "most", 100, ""],
        );
        const list = (when) => {
            const [p50, p99, cpu] = ["p50", "p99", "cpu"].map((field) =>
                median(live.map((one) => one[when][field])),
            );
            return `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms, CPU ${cpu.toFixed(2)} ms`;
        };
        rows.push([
            name("request during a backup: CPU / without"),
            median(live.map(({ without, during }) => during.cpu / without.cpu)),
            "most",
            1.25,
            `during: ${list("during")}; without: ${list("without")}; medians of ${liveTurns}`,
        ]);
    }
    return rows;
}
