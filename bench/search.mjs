// How long a search takes, of one who asks when nobody else does: the server and its database on one core, we on another.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import http from "node:http";
import { cpus } from "node:os";
import { promisify } from "node:util";

import { childrenOf } from "./machine.mjs";
import { loadPeople } from "./search_load.mjs";
import { startSubject } from "./subject.mjs";

const run = promisify(execFile);
const asked = 200;

/** Questions of every kind that bench/eval has: few words, sentences, misspelt ones, some that nothing answers. */
function someQuestions() {
    const all = JSON.parse(readFileSync(new URL("eval/questions.json", import.meta.url), "utf8"));
    return Array.from({ length: asked }, (_, i) => all[Math.floor((i * all.length) / asked)].question);
}

const onCores = (pid, cores) => run("taskset", ["-a", "-c", "-p", cores, String(pid)]);

/** Puts the server, its PostgreSQL and what that starts from now on onto one core, this process onto the others. */
async function pin(server, postmaster) {
    for (const pid of [server, postmaster, ...childrenOf(postmaster)]) await onCores(pid, "0");
    if (cpus().length > 1) await onCores(process.pid, `1-${cpus().length - 1}`);
}

/** One search: {ms until its answer was there, found}. */
function search(agent, url, cookie, question) {
    const target = `${url}/api/search?q=${encodeURIComponent(question.slice(0, 500))}&in=materials`;
    const began = performance.now();
    return new Promise((resolve, reject) => {
        http.get(target, { agent, headers: { cookie } }, (response) => {
            const chunks = [];
            response.on("data", (chunk) => chunks.push(chunk));
            response.on("end", () => {
                const ms = performance.now() - began;
                const text = Buffer.concat(chunks).toString();
                if (response.statusCode !== 200)
                    reject(new Error(`${target}: ${response.statusCode} ${text}`));
                else resolve({ ms, found: JSON.parse(text).results.length });
            });
        }).on("error", reject);
    });
}

/** Asks everything, one after the other: {passages, p50, p95, worst} in ms. */
async function ask(url, person, questions) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const times = [];
    let found = 0;
    for (const question of questions) {
        const one = await search(agent, url, person.cookie, question);
        times.push(one.ms);
        if (one.found > 0) found += 1;
    }
    agent.destroy();
    if (found < questions.length * 0.9)
        throw new Error(`only ${found} of ${questions.length} found something`);
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
    return { passages: person.passages, p50: at(0.5), p95: at(0.95), worst: at(1) };
}

/** {speeds: of one with 10,000 passages, of one with 100,000; remark}. */
export async function searchSpeed() {
    const subject = await startSubject({ BRAINBYTES_THREADS: "1" });
    try {
        const { server, database } = subject;
        const { little, much, remark } = await loadPeople(server, database);
        console.error(`     search: ${remark}`);
        await pin(server.pid, database.postmaster);
        const questions = someQuestions();
        const speeds = [];
        for (const person of [little, much]) {
            await ask(server.url, person, questions); // what is paid once
            speeds.push(await ask(server.url, person, questions));
        }
        return { speeds, remark: `of ${remark}; ${asked} questions, one core` };
    } finally {
        await onCores(process.pid, `0-${cpus().length - 1}`);
        await subject.stop();
    }
}
