// People who use servers without a pause, in a process of their own: visits.mjs URL COOKIE COUNT [URL COOKIE COUNT...]
// A line "stream" on its input opens a long reply from each server; "phase NAME" begins another part ("before" is the first);
// "end" ends all. Prints one line of JSON then, with an entry for each server:
// {url, requests, failed, faults, replies, broken, connectMs: {PHASE: [p50, p99, most]}}.
import { createInterface } from "node:readline";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { answer } from "./model.mjs";
import { Visitors } from "./visitors.mjs";

const words = process.argv.slice(2);
const groups = [];
for (let i = 0; i < words.length; i += 3) {
    const visitors = new Visitors({ url: words[i] }, words[i + 1]);
    Object.assign(visitors, { connects: {}, replies: [] });
    visitors.start(Number(words[i + 2]));
    groups.push(visitors);
}

let phase = "before";
let going = true;
function connect(visitors) {
    const { hostname, port } = new URL(visitors.server.url);
    const started = performance.now();
    return new Promise((resolve, reject) => {
        const socket = net.connect({ host: hostname, port, timeout: 10_000 }, () => {
            (visitors.connects[phase] ??= []).push(performance.now() - started);
            socket.destroy();
            resolve();
        });
        socket.on("error", reject);
        socket.on("timeout", () => socket.destroy(new Error("no connection in ten seconds")));
    });
}
const connecting = Promise.all(
    groups.map(async (visitors) => {
        while (going) {
            await connect(visitors).catch((fault) => visitors.faults.push(`connect: ${fault.message}`));
            await pause(20);
        }
    }),
);

for await (const line of createInterface({ input: process.stdin })) {
    if (line === "end") break;
    if (line.startsWith("phase ")) phase = line.slice(6);
    if (line === "stream")
        for (const one of groups)
            one.replies.push(one.stream("[[tokens=150 delay=20]]").done.catch((fault) => String(fault)));
}
going = false;
const whole = answer({ tokens: 150 }).trim();
/** Median, of 99 of 100, and the longest, in milliseconds. */
function spread(times) {
    times.sort((a, b) => a - b);
    const at = (share) => Math.round((times[Math.floor(share * (times.length - 1))] ?? 0) * 10) / 10;
    return [at(0.5), at(0.99), at(1)];
}
const met = await Promise.all(
    groups.map(async (one) => {
        const texts = await Promise.all(one.replies);
        await one.stop();
        const connectMs = Object.fromEntries(
            Object.entries(one.connects).map(([name, times]) => [name, spread(times)]),
        );
        return {
            url: one.server.url,
            requests: one.requests,
            failed: one.faults.length,
            faults: one.faults.slice(0, 20),
            replies: texts.length,
            broken: texts.filter((text) => text.trim() !== whole).length,
            connectMs,
        };
    }),
);
await connecting;
console.log(JSON.stringify(met));
process.exit(0); // whatever connections fetch still keeps
