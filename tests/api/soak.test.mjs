// Everyday use for a while, by several people at once: nothing fails, and the server holds no more afterwards than
// before - no memory, no descriptors, no streams.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId, personOf, send, say } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

const seconds = process.env.BB_LONG ? 600 : 8;
const people = 6;
let server, model;

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

function held() {
    const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
    return {
        megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024,
        descriptors: readdirSync(`/proc/${server.pid}/fd`).length,
    };
}

/** One round of what a student does; every answer is checked. */
async function study(person, round) {
    const good = async (target, options, status = 200) => {
        const answer = await person.request(target, options);
        assert.equal(answer.status, status, `${target}: ${answer.text}`);
        return answer.json;
    };
    const material = await good("/api/materials", { method: "POST", json: { title: `Notes ${round}` } }, 201);
    const entry = {
        title: "Cells",
        content: `# Cells\n\nThe wall number ${round} protects the cell.\n`.repeat(20),
    };
    await good(`/api/materials/${material.id}/entries`, { method: "POST", json: entry }, 201);
    await good(`/api/search?q=wall`, {});
    const thread = newId();
    assert.ok((await ask(person, thread, `Round ${round} [[tokens=8 delay=2]]`)).complete);
    const left = await send(person, { id: thread, message: say("And then? [[tokens=10 delay=5]]") });
    await left.reached(5);
    left.leave(); // a closed tab in the middle
    await left.done.catch(() => {});
    await good(`/api/threads?limit=5`, {});
    await good(`/api/materials/${material.id}`, { method: "DELETE" }, 204);
}

test(
    `${people} people for ${seconds} s leave nothing behind`,
    { timeout: seconds * 3000 + 120_000 },
    async () => {
        const all = await Promise.all(
            Array.from({ length: people }, (_, i) => personOf(server, `soak${i}@example.org`)),
        );
        await Promise.all(all.map((person) => study(person, 0)));
        const before = held();
        const until = Date.now() + seconds * 1000;
        let rounds = 0;
        await Promise.all(
            all.map(async (person) => {
                while (Date.now() < until) await study(person, (rounds += 1));
            }),
        );
        assert.ok(rounds >= people, `${rounds} rounds`);
        let streams = "";
        const over = () =>
            ["streams", "replies"].every((of) => streams.includes(`\nbrainbytes_active_${of} 0\n`));
        for (let i = 0; i < 100 && !over(); i += 1) {
            await pause(100);
            streams = (await server.request("/api/metrics")).text;
        }
        assert.match(streams, /^brainbytes_active_streams 0$/m);
        assert.match(streams, /^brainbytes_active_replies 0$/m);
        const afterwards = held();
        assert.ok(
            afterwards.megabytes < before.megabytes + 40,
            JSON.stringify({ before, afterwards, rounds }),
        );
        assert.ok(
            afterwards.descriptors < before.descriptors + 30,
            JSON.stringify({ before, afterwards, rounds }),
        );
    },
);
