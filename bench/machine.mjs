// What Linux says of processes, and programs run beside the server.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const ticksPerSecond = 100;

/** Fields of /proc/<pid>/stat after the name, or undefined when the process is gone. */
function stat(pid) {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, "utf8");
        return text.slice(text.lastIndexOf(")") + 2).split(" ");
    } catch {
        return undefined;
    }
}

/** CPU seconds of a process; with its reaped children when asked. */
export function cpuOf(pid, withReaped = false) {
    const fields = stat(pid);
    if (!fields) return 0;
    const ticks = Number(fields[11]) + Number(fields[12]);
    const reaped = withReaped ? Number(fields[13]) + Number(fields[14]) : 0;
    return (ticks + reaped) / ticksPerSecond;
}

/** Direct children of a process. */
export function childrenOf(pid) {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && Number(stat(name)?.[1]) === pid)
        .map(Number);
}

/** CPU seconds of a PostgreSQL: its postmaster, what that has reaped, and its present children. */
export function cpuOfPostgres(postmaster) {
    return childrenOf(postmaster).reduce((sum, pid) => sum + cpuOf(pid), cpuOf(postmaster, true));
}

/** Resident memory in MB. */
export function residentOf(pid) {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line[1]) / 1024;
}

/** Runs a program as the owner of `folder` (PostgreSQL knows its callers by their account). */
export async function runAs(folder, program, args) {
    const { uid, gid } = statSync(folder);
    const started = performance.now();
    const given = process.getuid() === 0 && uid !== 0 ? { uid, gid } : {};
    const child = spawn(program, args, { ...given, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (said.stdout += chunk));
    // A log may be long; its end says what went wrong.
    child.stderr.on("data", (chunk) => (said.stderr = (said.stderr + chunk).slice(-4096)));
    const [code, signal] = await once(child, "close");
    if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}: ${said.stderr}`);
    return { stdout: said.stdout, seconds: (performance.now() - started) / 1000 };
}

/** wrk on one thread: {rate, requests, p99 in ms}. Throws when an answer was not 2xx. */
export async function wrk(url, { seconds = 4, connections = 32, headers = {} } = {}) {
    const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", ...fields, url];
    const { stdout } = await run("wrk", args);
    if (/Non-2xx/.test(stdout)) throw new Error(`wrk ${url}: ${stdout}`);
    const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
    return {
        rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
        requests: Number(/(\d+) requests in/.exec(stdout)[1]),
        p99: Number(p99) * { us: 0.001, ms: 1, s: 1000 }[unit],
    };
}

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
