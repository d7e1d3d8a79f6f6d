// A chat on a server without a language model: quotes with their sources, said to be nothing more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, history, newId, personOf, send, textOf } from "../support/chat.mjs";
import { startServer } from "../support/server.mjs";

let server, ana, material, entry;
const content =
    "# Cells\n\n## Walls\n\nThe cell wall of a plant is made of cellulose. It keeps the plant upright.\n\n" +
    "## Energy\n\nMitochondria release energy from sugar.";

before(async () => {
    server = await startServer();
    ana = await personOf(server, "ana@example.org");
    material = (await ana.request("/api/materials", { method: "POST", json: { title: "Biology" } })).json;
    const json = { title: "Plant cells", content };
    entry = (await ana.request(`/api/materials/${material.id}/entries`, { method: "POST", json })).json;
});
after(() => server?.stop());

const sources = (message) => message.parts.filter((part) => part.type === "source-document");

test("a question is answered with quotes, their sources and one question back", async () => {
    const thread = newId();
    const reply = await ask(ana, thread, "What is the cell wall of a plant made of?");
    assert.equal(reply.status, 200);
    const start = reply.part("start").messageMetadata;
    assert.equal(start.mode, "extractive");
    assert.equal(start.model, null);
    assert.match(reply.text, /^There is no language model here, so I can only quote your materials\./);
    assert.match(reply.text, /^> The cell wall of a plant is made of cellulose\. \[1\]$/m);
    assert.match(reply.text, /^> — \*Plant cells › .*Walls\*$/m);
    assert.match(reply.text, /\*\*One question for you:\*\* .*\?/);
    const finish = reply.part("finish").messageMetadata;
    assert.equal(finish.finishReason, "stop");
    assert.equal(finish.state, "complete");
    assert.equal(finish.usage, undefined);

    const [source] = sources(reply);
    assert.equal(source.sourceId, "1");
    assert.equal(source.title, "Plant cells");
    const place = source.providerMetadata.brainbytes;
    assert.equal(place.materialId, material.id);
    assert.equal(place.entryId, entry.id);
    assert.match([...content].slice(place.start, place.end).join(""), /made of cellulose/);

    const stored = (await history(ana, thread)).at(-1);
    assert.equal(textOf(stored), reply.text);
    assert.equal(stored.metadata.mode, "extractive");
    assert.equal(stored.metadata.model, null);
    assert.deepEqual(sources(stored), sources(reply));
    const { title } = (await ana.request(`/api/threads/${thread}`)).json;
    assert.equal(title, "What is the cell wall of a plant made of?");
});

test("what the materials do not hold is not made up", async () => {
    const thread = newId();
    const reply = await ask(ana, thread, "Who painted the Mona Lisa?");
    assert.match(reply.text, /^I found nothing about this in your active materials\./);
    assert.equal(reply.part("source-document"), undefined);
    assert.equal(reply.part("finish").messageMetadata.state, "complete");
    assert.equal((await history(ana, thread)).at(-1).metadata.mode, "extractive");
});

test("only one's own materials are quoted", async () => {
    const ben = await personOf(server, "ben@example.org");
    const reply = await ask(ben, newId(), "What is the cell wall of a plant made of?");
    assert.match(reply.text, /^I found nothing/);
    assert.equal(reply.part("source-document"), undefined);
});

test("the person's language is spoken, and further replies and edits work", async () => {
    const cleo = await personOf(server, "cleo@example.org");
    assert.equal((await cleo.request("/api/me", { method: "PATCH", json: { language: "fil" } })).status, 200);
    const thread = newId();
    const first = await ask(cleo, thread, "Ano ang barangay?");
    assert.match(first.text, /^Wala akong nakitang tungkol dito/);
    const second = await (await send(cleo, { id: thread, trigger: "regenerate-message" })).done;
    assert.equal(second.text, first.text);
    const messages = await history(cleo, thread);
    assert.deepEqual(messages.at(-1).metadata.branches.ids, [first.messageId, second.messageId]);
});
