// What a reply adds until its first token, over the model called directly, one committed row and one search statement.
import { randomUUID } from "node:crypto";
import path from "node:path";

import { pgbench, statement } from "./floors.mjs";
import { median, sleep } from "./machine.mjs";
import { chatRequest, exchange, spread } from "./stream_load.mjs";
import { startSubject } from "./subject.mjs";

/** Milliseconds until the first token: of a model called directly, or of a reply of ours. */
async function firstToken(url, request, mark, until) {
    const began = performance.now();
    let first = 0;
    let seen = "";
    const heard = (piece) => {
        if (first) return;
        seen += piece;
        if (seen.includes(mark)) first = performance.now() - began;
    };
    await exchange(url, request, { until, heard, limit: 10_000 });
    return first;
}

function directRequest(url, words) {
    const messages = [{ role: "user", content: words }];
    const body = JSON.stringify({ model: "mock", stream: true, messages });
    return (
        `POST /v1/chat/completions HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    );
}

/** Calls `work` `count` times, `clients` at once. */
async function repeated(count, clients, work) {
    const out = [];
    let left = count;
    const client = async () => {
        while (left > 0) {
            left -= 1;
            out.push(await work());
        }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return out;
}

/** Of one client and of sixteen: [{clients, added in ms, remark}]. */
export async function firstTokenSpeed(root, rounds) {
    const speeds = [];
    const subject = await startSubject();
    const match = statement(path.join(root, "src/features/materials/index/match.cpp"), "match_sql");
    const owner = `'${subject.me.id}'::uuid`;
    const thread = randomUUID();
    await subject.student.request("/api/threads", { method: "POST", json: { title: "floor" } });
    const row = `INSERT INTO materials (id, owner_id, title) VALUES (gen_random_uuid(), ${owner}, 'floor ${thread}')`;
    const search = [owner, "'{count,me}'::text[]", "'{count,me}'::text[]"];
    for (const clients of [1, 16]) {
        const words = "Count for me [[tokens=5 delay=20 first=3]]";
        // Conversations that have their title already: the model is asked for nothing else meanwhile.
        const { url } = subject.server;
        const free = Array.from({ length: clients }, () => randomUUID());
        for (const id of free)
            await firstToken(
                url,
                chatRequest(url, subject.student.cookie, words, id),
                "tok0",
                "data: [DONE]",
            );
        await sleep(500);
        const ask = async () => {
            const id = free.pop();
            const request = chatRequest(url, subject.student.cookie, words, id);
            const first = await firstToken(url, request, "tok0", "data: [DONE]");
            free.push(id);
            return first;
        };
        const ours = [];
        const direct = [];
        const committed = [];
        const searched = [];
        for (let round = 0; round < rounds; round += 1) {
            const count = clients * 20;
            const asked = directRequest(subject.model.url, words);
            direct.push(
                ...(await repeated(count, clients, () =>
                    firstToken(subject.model.url, asked, "tok0", "[DONE]"),
                )),
            );
            ours.push(...(await repeated(count, clients, ask)));
            // The private cluster is sized for the server: it has no room for 16 more.
            // At the pace of the chat: a reply takes 110 ms.
            const settings = { clients: Math.min(clients, 4), seconds: 3, pause: 110 };
            committed.push((await pgbench(subject.database, row, [], settings)).latency);
            searched.push((await pgbench(subject.database, match, search, settings)).latency);
        }
        const floor = spread(direct).p50 + median(committed) + median(searched);
        const remark = `${spread(ours).p50} ms / model ${spread(direct).p50} + row ${median(committed).toFixed(2)} + search ${median(searched).toFixed(2)} ms`;
        speeds.push({ clients, added: spread(ours).p50 - floor, remark });
    }
    await subject.stop();
    return speeds;
}
