// What a reply cites is checked against its sources, and a chat may answer from materials alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, history, newId, personOf, resume, send, say } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let server, model, ana, bea;

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
    [ana, bea] = await Promise.all(
        ["ana@example.org", "bea@example.org"].map((one) => personOf(server, one)),
    );
    const { json: material } = await ana.request("/api/materials", {
        method: "POST",
        json: { title: "Plants" },
    });
    await ana.request(`/api/materials/${material.id}/entries`, {
        method: "POST",
        json: {
            title: "Leaves",
            content:
                "# Leaves\n\nChlorophyll in the leaf absorbs red and blue light and reflects green light.\n",
        },
    });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const question = (answer) => `Which light does chlorophyll in the leaf absorb? {{${answer}}}`;
const good = "Chlorophyll absorbs blue and red light [1].";
const bad = "😀 Oak trees live for 900 years in Norway [1].";

test("a sentence that its source does not bear out is named, in the stream and ever after", async () => {
    const thread = newId();
    const reply = await ask(ana, thread, question(`${good} ${bad}`));
    const proof = reply.part("data-proof");
    assert.deepEqual(
        { supported: proof.data.supported, unchecked: proof.data.unchecked },
        { supported: 1, unchecked: 0 },
    );
    const [finding] = proof.data.unsupported;
    assert.deepEqual(finding.numbers, [1]);
    assert.equal(finding.lack, "number");
    assert.equal([...reply.text].slice(finding.start, finding.end).join(""), bad);
    const kinds = reply.parts.map((part) => part.type ?? part);
    assert.ok(kinds.indexOf("data-proof") < kinds.indexOf("finish"));

    const kept = (await history(ana, thread)).at(-1);
    assert.deepEqual(kept.parts.at(-1), proof);
    assert.equal((await resume(ana, thread)).status, 204);
    const again = await (
        await send(ana, {
            id: thread,
            message: say(question(`${good} ${bad}`), (await history(ana, thread))[0].id),
        })
    ).done;
    assert.deepEqual(again.part("data-proof"), proof, "who asks for the same reply is told the same");
});

test("a reply that cites nothing has no proof, and one that is right has no fault", async () => {
    const plain = await ask(ana, newId(), question("I would say so."));
    assert.equal(plain.part("data-proof"), undefined);
    const right = await ask(ana, newId(), question(good));
    assert.deepEqual(right.part("data-proof").data, { supported: 1, unchecked: 0, unsupported: [] });
});

test("the share of sentences that are borne out is counted", async () => {
    const { text } = await server.request("/api/metrics");
    assert.match(text, /brainbytes_cited_sentences_total\{[^}]*verdict="supported"[^}]*\} 2/);
    assert.match(text, /brainbytes_cited_sentences_total\{[^}]*verdict="unsupported"[^}]*\} 1/);
});

test("a chat that answers from materials alone says so when nothing fits, without an answer of the model", async () => {
    const thread = newId();
    const asked = model.requests.length;
    const reply = await ask(ana, thread, "Who won the football cup of 1974?", {
        body: { onlyMaterials: true },
    });
    assert.match(reply.text, /nothing about this in your materials/);
    assert.equal(reply.part("finish").messageMetadata.state, "complete");
    assert.equal(model.rewritings.length, 1, "it may only say words to search with");
    assert.equal(
        model.requests.slice(asked).filter(({ messages }) => /tutor who helps/.test(messages[0].content))
            .length,
        0,
    );
    const { json } = await ana.request(`/api/threads/${thread}`);
    assert.equal(json.onlyMaterials, true);

    await ask(ana, thread, question(good));
    const system = model.requests.findLast(({ messages }) => /tutor who helps/.test(messages[0].content))
        .messages[0];
    assert.match(system.content, /own materials only/);
});

test("it is turned on and off for a chat, by its owner, and refuses what is no switch", async () => {
    const { json: thread } = await ana.request("/api/threads", {
        method: "POST",
        json: { onlyMaterials: true },
    });
    assert.equal(thread.onlyMaterials, true);
    const at = `/api/threads/${thread.id}`;
    const off = await ana.request(at, { method: "PATCH", json: { onlyMaterials: false } });
    assert.equal(off.json.onlyMaterials, undefined);
    const bare = await ana.request(at, { method: "PATCH", json: { title: "Leaves" } });
    assert.equal(bare.json.onlyMaterials, undefined);
    const on = await ana.request(at, { method: "PATCH", json: { onlyMaterials: true } });
    assert.equal(on.json.onlyMaterials, true);
    const kept = await ana.request(at, { method: "PATCH", json: { title: "Green leaves" } });
    assert.equal(kept.json.onlyMaterials, true);

    const wrong = await ana.request(at, { method: "PATCH", json: { onlyMaterials: "yes" } });
    assert.equal(wrong.status, 422);
    assert.equal(wrong.json.errors[0].pointer, "#/onlyMaterials");
    const refused = await (await send(ana, { id: newId(), message: say("x"), onlyMaterials: 1 })).done;
    assert.equal(refused.problem.errors[0].pointer, "#/onlyMaterials");
    assert.equal((await bea.request(at, { method: "PATCH", json: { onlyMaterials: false } })).status, 404);
    const nobody = await fetch(server.url + at, {
        method: "PATCH",
        headers: { "content-type": "application/json", origin: server.url },
        body: '{"onlyMaterials":false}',
    });
    assert.equal(nobody.status, 401);
});
