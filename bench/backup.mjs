// Backing up and bringing back beside PostgreSQL's own programs on the same data, in turns.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";

import { program, startServer, temporaryFolder } from "../tests/support/server.mjs";
import { median, runAs } from "./machine.mjs";

const megabytes = Number(process.env.BENCH_BACKUP_MB ?? 200);
const turns = 5;

/** Seconds of wall and the most resident MB of a command of ours. */
async function ours(server, ...words) {
    const began = performance.now();
    const child = spawn(program, words, { env: server.env, cwd: path.dirname(server.dataFolder) });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    let most = 0;
    const watch = setInterval(() => {
        try {
            const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
            most = Math.max(most, Number(line?.[1] ?? 0) / 1024);
        } catch {
            // it has ended
        }
    }, 20);
    const [code] = await once(child, "close");
    clearInterval(watch);
    if (code !== 0) throw new Error(`${words.join(" ")}: ${said}`);
    return { seconds: (performance.now() - began) / 1000, most };
}

/** Ratios of wall time, theirs / ours, and the memory of a backup: {backup, physical, restore, most, remarks}. */
export async function backupSpeed() {
    const folder = temporaryFolder("bb-bench-backup");
    // The log would be sealed beside what is measured.
    const server = await startServer({
        env: { BACKUP_TO: path.join(folder, "backups"), BACKUP_WAL_DAYS: 0 },
    });
    const sockets = path.join(server.dataFolder, "run");
    const owner = statSync(server.dataFolder);
    if (process.getuid() === 0) chownSync(folder, owner.uid, owner.gid);
    const shell = (text) =>
        runAs(sockets, "sh", ["-ec", `export PGHOST=${sockets} PGUSER=brainbytes; ${text}`]);
    // Words as people write them compress as texts do.
    const words = "cell wall energy membrane the of and water plant light sugar grows moves a leaf root"
        .split(" ")
        .map((word) => `'${word}'`);
    await shell(`psql -qX brainbytes -c "CREATE TABLE bulk AS SELECT n, (SELECT string_agg(word, ' ') FROM (
        SELECT (ARRAY[${words}])[1 + floor(random() * 16)::int] || floor(random() * 50)::int AS word
        FROM generate_series(1, 160) WHERE n IS NOT NULL) w) AS text
        FROM generate_series(1, ${megabytes * 1000}) n"`);
    const dump = path.join(folder, "dump.zst");
    const base = path.join(folder, "base.zst");
    const theirs = { dump: [], restore: [], physical: [] };
    const mine = { dump: [], restore: [], physical: [] };
    let most = 0;
    for (let turn = 0; turn < turns; turn += 1) {
        theirs.dump.push((await shell(`pg_dump -Fc -Z0 brainbytes | zstd -q -f -T2 -o ${dump}`)).seconds);
        const made = await ours(server, "backup", "create");
        mine.dump.push(made.seconds);
        most = Math.max(most, made.most);
        theirs.restore.push(
            (await shell(`createdb other; zstd -dcq ${dump} | pg_restore --no-owner -d other`)).seconds,
        );
        await shell("dropdb other");
        const back = ["backup", "restore", "latest", "--yes", "--no-safety"];
        mine.restore.push((await ours(server, ...back)).seconds);
        await ours(server, "backup", "restore", "--purge", "--yes");
        // As in a database that has run for a while: the first look at rows that were just loaded marks them, and
        // ours looks at all of them to count them.
        await shell("vacuumdb -q brainbytes");
        const copy = "pg_basebackup -U postgres -D - -Ft -X fetch --checkpoint=fast --no-manifest";
        theirs.physical.push((await shell(`${copy} | zstd -q -f -T2 -o ${base}`)).seconds);
        const files = await ours(server, "backup", "create", "--method", "physical");
        mine.physical.push(files.seconds);
        most = Math.max(most, files.most);
        await ours(server, "backup", "prune");
    }
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
    const told = (a, b) => `${median(a).toFixed(2)} s / ${median(b).toFixed(2)} s, ${megabytes} MB`;
    return {
        backup: median(theirs.dump) / median(mine.dump),
        backupRemark: `pg_dump -Fc -Z0 | zstd -T2, ours sealed: ${told(theirs.dump, mine.dump)}`,
        physical: median(theirs.physical) / median(mine.physical),
        physicalRemark: `pg_basebackup | zstd -T2, ours sealed: ${told(theirs.physical, mine.physical)}`,
        restore: median(theirs.restore) / median(mine.restore),
        restoreRemark: `pg_restore; ours checks each table and swaps: ${told(theirs.restore, mine.restore)}`,
        most,
    };
}
