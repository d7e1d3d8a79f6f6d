// People who use servers without a pause, in a process of their own: visits.mjs URL COOKIE COUNT [URL COOKIE COUNT...]
// A line "stream" on its input opens a long reply from each server; "end" ends all. Prints one line of JSON then:
// {requests, faults, replies, broken, connectMs: [p50, p99, most]}.
import { createInterface } from "node:readline";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

import { answer } from "./model.mjs";
import { Visitors } from "./visitors.mjs";

const words = process.argv.slice(2);
const groups = [];
for (let i = 0; i < words.length; i += 3) {
    const visitors = new Visitors({ url: words[i] }, words[i + 1]);
    visitors.start(Number(words[i + 2]));
    groups.push(visitors);
}

const connects = [];
let going = true;
function connect(url) {
    const { hostname, port } = new URL(url);
    const started = performance.now();
    return new Promise((resolve, reject) => {
        const socket = net.connect({ host: hostname, port, timeout: 10_000 }, () => {
            connects.push(performance.now() - started);
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
            await connect(visitors.server.url).catch((fault) =>
                visitors.faults.push(`connect: ${fault.message}`),
            );
            await pause(20);
        }
    }),
);

const replies = [];
for await (const line of createInterface({ input: process.stdin })) {
    if (line === "end") break;
    if (line === "forgive") groups.forEach((one) => one.forgive());
    if (line === "stream")
        for (const one of groups) replies.push(one.stream("[[tokens=150 delay=20]]").done.catch(String));
}
going = false;
const whole = answer({ tokens: 150 }).trim();
const texts = await Promise.all(replies);
await Promise.all([connecting, ...groups.map((one) => one.stop())]);
connects.sort((a, b) => a - b);
const at = (share) => Math.round((connects[Math.floor(share * (connects.length - 1))] ?? 0) * 10) / 10;
console.log(
    JSON.stringify({
        requests: groups.reduce((sum, one) => sum + one.requests, 0),
        faults: groups.flatMap((one) => one.faults).slice(0, 20),
        replies: texts.length,
        broken: texts.filter((text) => text.trim() !== whole).length,
        connectMs: [at(0.5), at(0.99), at(1)],
    }),
);
process.exit(0); // whatever connections fetch still keeps
