// What a reply adds until its first token, over the model called directly, one committed row and one search statement.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
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
    if (!first) throw new Error(`no first token: ${seen.slice(0, 500)}`);
    return first;
}

/** What the server sent to the model last, as a request of our own: the floor is asked the same. */
async function sameRequest(url) {
    const last = await (await fetch(new URL("/__last", url))).json();
    const body = JSON.stringify(last.body);
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

/** Gives the student a PDF and a book, whose passages a question about leaves finds. */
async function bringMaterial({ student }, root) {
    const made = await student.request("/api/materials", { method: "POST", json: { title: "Plants" } });
    const files = `/api/materials/${made.json.id}/files`;
    for (const name of ["notes.pdf", "book.epub"]) {
        const form = new FormData();
        form.append("file", new Blob([readFileSync(path.join(root, "tests/samples", name))]), name);
        const answer = await student.request(files, { method: "POST", body: form });
        if (answer.status !== 201) throw new Error(`${name}: ${answer.text}`);
    }
    for (let waited = 0; waited < 600; waited += 1) {
        const { json } = await student.request(files);
        if (json.files.every(({ state }) => state === "ready")) return;
        await sleep(100);
    }
    throw new Error("the files were not read within a minute");
}

/** What is asked, of whom; the model says the same each time. */
const asked = [
    { of: "no material", words: "Count for me", terms: "'{count,me}'::text[]" },
    {
        of: "passages found",
        words: "How does chlorophyll in a leaf catch light",
        terms: "'{chlorophyll,leaf,catch,light}'::text[]",
        prepare: bringMaterial,
    },
];

/** Of one client and of sixteen, without and with material: [{of, clients, added in ms, remark}]. */
export async function firstTokenSpeed(root, rounds) {
    const speeds = [];
    const subject = await startSubject();
    for (const kind of asked) {
        await kind.prepare?.(subject, root);
        for (const clients of [1, 16]) speeds.push(await speedOf(subject, root, kind, clients, rounds));
    }
    await subject.stop();
    return speeds;
}

async function speedOf(subject, root, kind, clients, rounds) {
    const match = statement(path.join(root, "src/features/materials/index/match.cpp"), "match_sql");
    const owner = `'${subject.me.id}'::uuid`;
    const row = `INSERT INTO materials (id, owner_id, title) VALUES (gen_random_uuid(), ${owner}, 'floor')`;
    const search = [owner, kind.terms, kind.terms];
    const words = `${kind.words} [[tokens=5 delay=20 first=3]]`;
    const { url } = subject.server;
    const { cookie } = subject.student;
    const reply = (id) => firstToken(url, chatRequest(url, cookie, words, id), "tok0", "data: [DONE]");
    // Conversations that have their title already: the model is asked for nothing else meanwhile.
    const free = Array.from({ length: clients }, () => randomUUID());
    for (const id of free) await reply(id);
    await sleep(500);
    await reply(free[0]);
    const request = await sameRequest(subject.model.url);
    const ask = async () => {
        const id = free.pop();
        const first = await reply(id);
        free.push(id);
        return first;
    };
    const ours = [];
    const direct = [];
    const committed = [];
    const searched = [];
    for (let round = 0; round < rounds; round += 1) {
        const count = clients * 20;
        const model = () => firstToken(subject.model.url, request, "tok0", "[DONE]");
        direct.push(...(await repeated(count, clients, model)));
        ours.push(...(await repeated(count, clients, ask)));
        // The private cluster is sized for the server: it has no room for 16 more.
        // At the pace of the chat: a reply takes 110 ms.
        const settings = { clients: Math.min(clients, 4), seconds: 3, pause: 110 };
        committed.push((await pgbench(subject.database, row, [], settings)).latency);
        searched.push((await pgbench(subject.database, match, search, settings)).latency);
    }
    const floor = spread(direct).p50 + median(committed) + median(searched);
    const remark = `${spread(ours).p50} ms / model ${spread(direct).p50} + row ${median(committed).toFixed(2)} + search ${median(searched).toFixed(2)} ms`;
    return { of: kind.of, clients, added: spread(ours).p50 - floor, remark };
}
