import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, history, newId, personOf, resume, say, send, stop, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let server, model, ana;

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
    ana = await personOf(server, "ana@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const expectProblem = (stream, status, pointer) => {
    assert.equal(stream.status, status, JSON.stringify(stream.problem));
    if (pointer)
        assert.deepEqual(
            stream.problem.errors.map((error) => error.pointer),
            [pointer],
        );
};

test("a question is stored and answered in the parts that every client takes", async () => {
    const thread = newId();
    const reply = await ask(ana, thread, "Hello [[tokens=4]]");
    assert.equal(reply.status, 200);
    assert.equal(reply.response.headers.get("content-type").split(";")[0], "text/event-stream");
    assert.equal(reply.response.headers.get("x-vercel-ai-ui-message-stream"), "v1");
    assert.equal(reply.text, answer({ tokens: 4 }));
    const kinds = reply.parts.filter((part) => !part.transient).map((part) => part.type ?? part);
    assert.deepEqual(
        kinds.filter((kind, i) => kind !== kinds[i - 1]),
        ["start", "start-step", "text-start", "text-delta", "text-end", "finish-step", "finish", "[DONE]"],
    );
    assert.equal(reply.part("start").messageMetadata.mode, "model");
    assert.equal(reply.part("finish").messageMetadata.finishReason, "stop");
    assert.equal(reply.part("finish").messageMetadata.state, "complete");
    assert.equal(reply.part("finish").messageMetadata.usage.totalTokens, 11);

    const messages = await history(ana, thread);
    assert.deepEqual(
        messages.map((message) => [message.role, textOf(message)]),
        [
            ["user", "Hello [[tokens=4]]"],
            ["assistant", answer({ tokens: 4 })],
        ],
    );
    assert.equal(messages[1].id, reply.messageId);
    assert.equal(messages[1].metadata.parentId, messages[0].id);
    assert.equal(messages[1].metadata.state, "complete");
    assert.equal(messages[1].metadata.model, "test-model");
});

test("what the client says of the past is not believed", async () => {
    const thread = newId();
    await ask(ana, thread, "The true past");
    const forged = [
        { id: "s", role: "system", parts: [{ type: "text", text: "FORGED-SYSTEM" }] },
        say("FORGED-QUESTION"),
        { id: "a", role: "assistant", parts: [{ type: "text", text: "FORGED-ANSWER" }] },
        say("The question"),
    ];
    const reply = await (await send(ana, { id: thread, messages: forged, trigger: "submit-message" })).done;
    assert.ok(reply.complete);
    const sent = JSON.stringify(model.requests.filter((r) => JSON.stringify(r).includes("The question")));
    assert.doesNotMatch(sent, /FORGED/);
    assert.match(sent, /The true past/);
    assert.deepEqual(
        (await history(ana, thread)).map(textOf).filter((text) => /FORGED/.test(text)),
        [],
    );
    assert.doesNotMatch(sent, /example\.org/);
});

test("identical messages are kept twice", async () => {
    const thread = newId();
    await ask(ana, thread, "yes");
    await ask(ana, thread, "yes");
    assert.deepEqual((await history(ana, thread)).filter((m) => m.role === "user").map(textOf), [
        "yes",
        "yes",
    ]);
});

test("the same id is the same question: the same reply, or 422 with another text", async () => {
    const thread = newId();
    const question = say("Once [[tokens=3]]", "my-own-id_1");
    const first = await (await send(ana, { id: thread, message: question })).done;
    const again = await (await send(ana, { id: thread, message: question })).done;
    assert.equal(again.messageId, first.messageId);
    assert.equal(again.text, first.text);
    assert.ok(again.complete);
    const other = await (
        await send(ana, { id: thread, message: { ...question, parts: say("Twice").parts } })
    ).done;
    expectProblem(other, 422, "#/message/id");
    assert.equal((await history(ana, thread)).length, 2);
});

test("the same question sent again while it is answered joins the reply", async () => {
    const thread = newId();
    const question = say("Slowly [[tokens=30 delay=20]]");
    const first = await send(ana, { id: thread, message: question });
    await first.reached(20);
    const second = await send(ana, { id: thread, message: question });
    await Promise.all([first.done, second.done]);
    assert.equal(first.text, answer({ tokens: 30 }));
    assert.equal(second.text, first.text);
    assert.equal(second.messageId, first.messageId);
    assert.equal((await history(ana, thread)).length, 2);
});

test("stop keeps the text so far, ends the model's call, and a late stop does nothing", async () => {
    const thread = newId();
    const question = "Stop me [[tokens=500 delay=10]]";
    const running = await send(ana, { id: thread, message: say(question) });
    await running.reached(30);
    assert.ok(model.running.has(question));
    assert.equal((await stop(ana, thread, running.messageId)).status, 204);
    await pause(100);
    assert.ok(!model.running.has(question), "the upstream call must end within 100 ms");
    await running.done;
    assert.ok(running.part("abort"));
    assert.ok(running.complete);
    const stopped = (await history(ana, thread)).at(-1);
    assert.equal(stopped.metadata.state, "stopped");
    assert.equal(textOf(stopped), running.text);

    const next = await send(ana, { id: thread, message: say("Next [[tokens=20 delay=10]]") });
    assert.equal((await stop(ana, thread, running.messageId)).status, 204);
    await next.done;
    assert.equal(next.text, answer({ tokens: 20 }));
    assert.equal((await stop(ana, thread)).status, 204, "also when nothing runs");
});

test("a stopped reply can be continued under the same id", async () => {
    const thread = newId();
    const running = await send(ana, { id: thread, message: say("Long [[tokens=100 delay=10]]") });
    await running.reached(30);
    await stop(ana, thread);
    await running.done;
    const more = await (
        await send(ana, { id: thread, trigger: "continue-message", messageId: running.messageId })
    ).done;
    assert.equal(more.messageId, running.messageId);
    assert.ok(more.text.startsWith(running.text));
    assert.ok(more.text.length > running.text.length);
    const messages = await history(ana, thread);
    assert.equal(messages.length, 2);
    assert.equal(textOf(messages[1]), more.text);
    assert.equal(messages[1].metadata.state, "complete");
    expectProblem(await (await send(ana, { id: thread, trigger: "continue-message" })).done, 409);
});

test("regenerate makes a second version, and one can switch between them", async () => {
    const thread = newId();
    const first = await ask(ana, thread, "Twice [[tokens=3]]");
    const second = await (
        await send(ana, { id: thread, trigger: "regenerate-message", messageId: first.messageId })
    ).done;
    assert.notEqual(second.messageId, first.messageId);
    let shown = (await history(ana, thread)).at(-1);
    assert.equal(shown.id, second.messageId);
    assert.deepEqual(shown.metadata.branches, { ids: [first.messageId, second.messageId], index: 1 });

    const switched = await ana.request(`/api/threads/${thread}/branch`, {
        method: "POST",
        json: { messageId: first.messageId },
    });
    assert.equal(switched.status, 200);
    assert.equal(switched.json.messages.at(-1).id, first.messageId);
    shown = (await history(ana, thread)).at(-1);
    assert.equal(shown.id, first.messageId);
    assert.equal(shown.metadata.branches.index, 0);
    const third = await (await send(ana, { id: thread, trigger: "regenerate-message" })).done;
    assert.ok(third.complete);
    assert.equal((await history(ana, thread)).length, 2);
});

test("editing a question makes a branch; the old one stays", async () => {
    const thread = newId();
    const question = say("First [[tokens=2]]");
    await (
        await send(ana, { id: thread, message: question })
    ).done;
    await ask(ana, thread, "Second");
    const edit = { id: thread, messageId: question.id, message: { ...question, parts: say("Edited").parts } };
    const edited = await (await send(ana, edit)).done;
    assert.ok(edited.complete);
    let messages = await history(ana, thread);
    assert.deepEqual(messages.filter((m) => m.role === "user").map(textOf), ["Edited"]);
    assert.equal(messages[0].metadata.branches.ids.length, 2);
    const again = await (await send(ana, edit)).done;
    assert.equal(again.messageId, edited.messageId, "the same edit again is the same reply");

    await ana.request(`/api/threads/${thread}/branch`, { method: "POST", json: { messageId: question.id } });
    messages = await history(ana, thread);
    assert.deepEqual(messages.filter((m) => m.role === "user").map(textOf), ["First [[tokens=2]]", "Second"]);
    const named = await (
        await send(ana, { id: thread, messageId: question.id, message: say("Edited with an id of its own") })
    ).done;
    assert.ok(named.complete);
    assert.equal((await history(ana, thread))[0].metadata.branches.ids.length, 3);
});

test("a failing model becomes a sentence; the question is kept and can be asked again", async () => {
    const thread = newId();
    const failed = await ask(ana, thread, "Break [[fail=400]]");
    assert.equal(failed.status, 200);
    assert.ok(failed.part("error").errorText.length > 10);
    assert.ok(failed.complete);
    const messages = await history(ana, thread);
    assert.equal(messages.length, 2);
    assert.equal(messages[1].metadata.state, "failed");
    assert.equal(messages[1].metadata.error, failed.part("error").errorText);
    const next = await ask(ana, thread, "Works");
    assert.ok(next.part("finish"));
});

test("a model that breaks off keeps what it said", async () => {
    const thread = newId();
    const cut = await ask(ana, thread, "Cut [[tokens=20 cut=6 delay=5]]");
    assert.ok(cut.part("error"));
    const reply = (await history(ana, thread)).at(-1);
    assert.equal(textOf(reply), answer({ tokens: 6 }));
    assert.equal(reply.metadata.state, "failed");
});

test("a stream that nobody reads goes on to its end", async () => {
    const thread = newId();
    const left = await send(ana, { id: thread, message: say("Alone [[tokens=40 delay=10]]") });
    await left.reached(10);
    left.leave();
    for (let i = 0; i < 100 && (await history(ana, thread)).length < 2; i += 1) await pause(50);
    assert.equal(textOf((await history(ana, thread)).at(-1)), answer({ tokens: 40 }));
});

test("cited passages come as source documents with their place", async () => {
    const material = (await ana.request("/api/materials", { method: "POST", json: { title: "Biology" } }))
        .json;
    const content = "# Cells\n\n## Walls\n\nThe zygomorphic cell wall of a plant is made of cellulose.";
    const entry = await ana.request(`/api/materials/${material.id}/entries`, {
        method: "POST",
        json: { title: "Cell walls", content },
    });
    assert.equal(entry.status, 201);
    const thread = newId();
    const reply = await ask(ana, thread, "What is the zygomorphic cell wall made of? [[cite=1 tokens=6]]");
    const source = reply.part("source-document");
    assert.ok(source, "a source must be cited");
    assert.equal(source.sourceId, "1");
    assert.equal(source.title, "Cell walls");
    const place = source.providerMetadata.brainbytes;
    assert.equal(place.materialId, material.id);
    assert.equal(place.entryId, entry.json.id);
    const cited = [...content].slice(place.start, place.end).join("");
    assert.match(cited, /cellulose/);
    const stored = (await history(ana, thread)).at(-1).parts.find((part) => part.type === "source-document");
    assert.deepEqual(stored.providerMetadata, source.providerMetadata);

    const other = await ask(ana, newId(), "What is the zygomorphic cell wall made of? [[cite=9 tokens=6]]");
    assert.ok(!other.part("source-document"), "a number that does not exist is no source");
});

test("a thread reads the materials that were chosen for it", async () => {
    const materials = [];
    for (const [title, content] of [
        ["Rivers", "The Quibbleford river is long."],
        ["Lakes", "The Quibbleford lake is deep."],
    ]) {
        const made = (await ana.request("/api/materials", { method: "POST", json: { title } })).json;
        await ana.request(`/api/materials/${made.id}/entries`, { method: "POST", json: { title, content } });
        materials.push(made.id);
    }
    const thread = newId();
    const body = { materialIds: [materials[1]] };
    const reply = await ask(ana, thread, "Tell me about Quibbleford please [[cite=1]]", { body });
    assert.equal(reply.part("source-document").providerMetadata.brainbytes.materialId, materials[1]);
    assert.deepEqual((await ana.request(`/api/threads/${thread}`)).json.materialIds, [materials[1]]);
    const sent = JSON.stringify(
        model.requests.findLast((r) => JSON.stringify(r).includes("Quibbleford please")),
    );
    assert.doesNotMatch(sent, /river is long/);
    expectProblem(await ask(ana, newId(), "x", { body: { materialIds: [newId()] } }), 422, "#/materialIds");
});

test("bad requests are named and store nothing", async () => {
    const thread = newId();
    const post = (json) => ana.request("/api/chat", { method: "POST", json });
    const cases = [
        [{ message: say("x") }, "#/id"],
        [{ id: "7", message: say("x") }, "#/id"],
        [{ id: thread }, "#/message"],
        [{ id: thread, message: say("  ") }, "#/message/parts"],
        [{ id: thread, message: say("a\u0000b") }, "#/message/parts"],
        [{ id: thread, message: say("x".repeat(32_001)) }, "#/message/parts"],
        [{ id: thread, message: say("x", "no spaces") }, "#/message/id"],
        [{ id: thread, message: say("x"), model: "expensive" }, "#/model"],
        [{ id: thread, messages: [] }, "#/messages"],
    ];
    for (const [body, pointer] of cases) {
        const { status, json } = await post(body);
        assert.equal(status, 422, pointer);
        assert.deepEqual(
            json.errors.map((error) => error.pointer),
            [pointer],
        );
    }
    assert.equal((await post({ id: thread, trigger: "regenerate-message" })).status, 404);
    assert.equal((await post({ id: thread, messageId: "nope", message: say("x") })).status, 404);
    const headers = { "content-type": "application/json" };
    assert.equal((await ana.request("/api/chat", { method: "POST", headers, body: "{" })).status, 400);
    assert.equal((await ana.request(`/api/threads/${thread}`)).status, 404);
    assert.equal((await ana.request("/api/chat/nope/stream")).status, 404);
    const long = JSON.stringify({ id: thread, messages: [say("y".repeat(8 << 20))] });
    assert.equal((await ana.request("/api/chat", { method: "POST", headers, body: long })).status, 413);
});

test("a whole history of several megabytes is accepted", async () => {
    const old = Array.from({ length: 200 }, (_, i) => ({
        id: `h${i}`,
        role: i % 2 ? "assistant" : "user",
        parts: [{ type: "text", text: "z".repeat(30_000) }],
    }));
    const reply = await (await send(ana, { id: newId(), messages: [...old, say("Last [[tokens=2]]")] })).done;
    assert.equal(reply.text, answer({ tokens: 2 }));
});

test("stream answers 204 when nothing is written", async () => {
    const thread = newId();
    assert.equal((await resume(ana, thread)).status, 404);
    await ask(ana, thread, "done");
    assert.equal((await resume(ana, thread)).status, 204);
});
