// A PostgreSQL server of its own for tests that need one outside of ours.
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

import { temporaryFolder } from "./server.mjs";

function binaries() {
    const versions = readdirSync("/usr/lib/postgresql").sort((a, b) => Number(b) - Number(a));
    return path.join("/usr/lib/postgresql", versions[0], "bin");
}

/** PostgreSQL refuses root: its programs then run as the account that Debian's package makes. */
export function asOwner(command, args) {
    const root = process.getuid() === 0;
    const [program, ...rest] = root
        ? ["runuser", "-u", "postgres", "--", command, ...args]
        : [command, ...args];
    return promisify(execFile)(program, rest, { cwd: "/" });
}

/**
 * Starts it on a unix socket in a throw-away folder: {url, socket (its folder), query(sql), restart(), stop()}.
 * `more` makes further options of the server ("-c ssl=on") when it is given the folder.
 */
export async function startDatabase(more = async () => "", port = 5432) {
    const folder = temporaryFolder("bbpg");
    const data = path.join(folder, "data");
    chmodSync(folder, 0o777);
    mkdirSync(path.join(folder, "socket"));
    chmodSync(path.join(folder, "socket"), 0o777);
    const bin = binaries();
    const socket = path.join(folder, "socket");
    const control = (...args) =>
        asOwner(path.join(bin, "pg_ctl"), ["-D", data, "-w", "-l", path.join(folder, "log"), ...args]);
    await asOwner(path.join(bin, "initdb"), [
        "-D",
        data,
        "-U",
        "tester",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
    ]);
    const nowhere = "-c listen_addresses=''";
    const options = `-k ${socket} -p ${port} ${nowhere} -c fsync=off -c max_connections=60 ${await more(folder)}`;
    await control("start", "-o", options);
    await asOwner(path.join(bin, "createdb"), [
        "-h",
        socket,
        "-p",
        String(port),
        "-U",
        "tester",
        "brainbytes",
    ]);
    return {
        url: `postgresql:///brainbytes?host=${encodeURIComponent(socket)}&user=tester`,
        socket,
        query: async (sql) =>
            (
                await asOwner(path.join(bin, "psql"), [
                    "-h",
                    socket,
                    "-p",
                    String(port),
                    "-U",
                    "tester",
                    "-d",
                    "brainbytes",
                    "-XAtqc",
                    sql,
                ])
            ).stdout,
        restart: () => control("restart", "-m", "fast", "-o", options),
        stop: async () => {
            await control("stop", "-m", "immediate");
            rmSync(folder, { recursive: true, force: true });
        },
    };
}
