// A model that fails, as an emulator written by others plays it: each failure reaches the student as a sentence with
// something to do, the operator as a metric, and nothing that was said before is lost.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { LLMock } from "@copilotkit/aimock";

import { ask, history, newId, personOf, say, send, stop, textOf } from "../support/chat.mjs";
import { freePort, startServer } from "../support/server.mjs";
import { startTap } from "../support/tap.mjs";

let model, tap, server, ana;

const env = (url) => ({
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: "test-key",
    OPENAI_MODEL: "gpt-4o-mini",
    // Model, tap and tests share a process, which stands still at times.
    BRAINBYTES_MODEL_FIRST_SECONDS: 3,
    BRAINBYTES_MODEL_PAUSE_SECONDS: 3,
});

before(async () => {
    model = new LLMock({ port: 0 });
    await model.start();
    tap = await startTap(`${model.url.replace(/\/v1$/, "")}/v1`);
    server = await startServer({ env: env(tap.url) });
    ana = await personOf(server, "ana@example.org");
});
after(async () => {
    await server?.stop();
    await tap?.close();
    await model?.stop();
});
beforeEach(async () => {
    model.reset();
    model.onMessage(/warm up/, { content: "Ready." });
    // A good answer makes the server forget the failures before it: each test meets a closed circuit.
    await ask(ana, newId(), "warm up");
});

/** How often the tutor (not whoever names a thread) was asked `question`. */
const callsFor = (question) =>
    model.getRequests().filter(({ body }) => {
        const words = JSON.stringify(body?.messages ?? "");
        return words.includes("patient tutor") && words.includes(question);
    }).length;

async function counted(outcome) {
    const { text } = await server.request("/api/metrics");
    const line = new RegExp(`^brainbytes_model_requests_total\\{outcome="${outcome}"\\} (\\d+)`, "m").exec(
        text,
    );
    return Number(line?.[1] ?? 0);
}

/** Asks, and expects the stream to end in an error whose sentence is also kept with the message. */
async function failing(question, outcome, sentence) {
    const before = await counted(outcome);
    const thread = newId();
    const reply = await ask(ana, thread, question);
    assert.equal(reply.status, 200, JSON.stringify(reply.problem));
    assert.match(reply.part("error")?.errorText ?? "no error part", sentence);
    assert.equal(reply.parts.at(-1), "[DONE]");
    assert.equal((await counted(outcome)) - before, 1, `metric ${outcome}`);
    const [asked, answered] = await history(ana, thread);
    assert.equal(textOf(asked), question);
    assert.equal(answered.metadata.state, "failed");
    assert.match(answered.metadata.error, sentence);
    assert.match(answered.metadata.error, /again/, "says what to do");
    return { thread, reply, answered };
}

test("an answer of a model written by others arrives whole, with its usage", async () => {
    model.onMessage(/membrane/, {
        content: "It lets **some** things in.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    });
    const thread = newId();
    const reply = await ask(ana, thread, "What does a membrane do?");
    assert.equal(reply.text, "It lets **some** things in.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
    const { finishReason, usage } = reply.part("finish").messageMetadata;
    assert.equal(finishReason, "stop");
    assert.ok(usage.totalTokens > 0);
    const sent = model.getRequests().find(({ body }) => JSON.stringify(body).includes("membrane"));
    assert.ok(sent.headers.authorization);
    const words = JSON.stringify(sent.body);
    assert.match(words, /What does a membrane do\?/);
    assert.doesNotMatch(words, /ana@example\.org/, "no personal data leaves the house");
});

test("a model that answers 500 is tried again, then the student is told", async () => {
    model.onMessage(/five hundred/, { error: { message: "boom", type: "server_error" }, status: 500 });
    await failing("five hundred", "busy", /busy/);
    assert.equal(callsFor("five hundred"), 3);
});

test("a 429 is honoured: asked again after Retry-After", async () => {
    const limited = { error: { message: "slow down", type: "rate_limit_error" }, status: 429, retryAfter: 1 };
    model.on({ userMessage: /patience/, sequenceIndex: 0 }, limited);
    model.onMessage(/patience/, { content: "Thank you for waiting." });
    const start = Date.now();
    const reply = await ask(ana, newId(), "patience");
    assert.equal(reply.text, "Thank you for waiting.");
    assert.ok(Date.now() - start >= 1000);
});

test("a 429 that asks for too long a wait is told at once", async () => {
    const limited = {
        error: { message: "tomorrow", type: "rate_limit_error" },
        status: 429,
        retryAfter: 3600,
    };
    model.onMessage(/tomorrow/, limited);
    await failing("tomorrow", "busy", /busy/);
    assert.equal(callsFor("tomorrow"), 1);
});

test("a wrong key is the operator's affair and not tried again", async () => {
    model.onMessage(/key/, { error: { message: "bad key", code: "invalid_api_key" }, status: 401 });
    await failing("key", "rejected", /looks after this server/);
    assert.equal(callsFor("key"), 1);
    assert.doesNotMatch(server.log, /test-key/);
});

test("a model that does not begin in time is given up", async () => {
    model.onMessage(/slowly/, { content: "Too late." }, { streamingProfile: { ttft: 8000, tps: 10 } });
    const start = Date.now();
    await failing("slowly", "slow", /too long/);
    assert.ok(Date.now() - start < 7000);
});

test("a model that falls silent in the middle is given up, and what it said is kept", async () => {
    model.onMessage(/pausing/, { content: "One two three four five six." }, { latency: 4500, chunkSize: 4 });
    const { reply, answered } = await failing("pausing", "slow", /too long/);
    assert.ok("One two three four five six.".startsWith(reply.text));
    assert.equal(textOf(answered), reply.text);
});

test("an answer that is cut off keeps its text, and the student can go on", async () => {
    const cut = { truncateAfterChunks: 4, chunkSize: 5, latency: 20 };
    model.on({ userMessage: /the end/, sequenceIndex: 0 }, { content: "First half and second half." }, cut);
    const { thread, reply, answered } = await failing("Tell me to the end", "cut_off", /cut off/);
    assert.ok(reply.text.length > 0);
    assert.equal(textOf(answered), reply.text);
    model.onMessage(/Go on exactly/, { content: " And the rest." });
    const body = { id: thread, trigger: "continue-message", messageId: answered.id };
    const rest = await (await send(ana, body)).done;
    assert.equal(rest.text, `${reply.text} And the rest.`);
    const [, whole] = await history(ana, thread);
    assert.equal(textOf(whole), rest.text);
    assert.equal(whole.metadata.state, "complete");
});

test("garbage is told apart from an answer", async () => {
    model.onMessage(/nonsense/, { content: "x" }, { chaos: { malformedRate: 1 } });
    await failing("nonsense", "garbage", /could not be read/);
});

test("a token of a megabyte is not taken", async () => {
    model.onMessage(/huge/, { content: "x".repeat(1_000_000) }, { chunkSize: 2_000_000 });
    const { answered } = await failing("huge", "garbage", /could not be read/);
    assert.equal(textOf(answered), "");
});

test("a sentence comes in the student's language", async () => {
    const ben = await personOf(server, "ben@example.org");
    await ben.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    model.onMessage(/susi/, { error: { message: "bad key", code: "invalid_api_key" }, status: 401 });
    const reply = await ask(ben, newId(), "susi");
    assert.match(reply.part("error").errorText, /Hindi tinanggap/);
});

test("stop lets go of the model within 100 ms and keeps what was said", async () => {
    model.onMessage(/endless/, { content: "word ".repeat(500) }, { latency: 30, chunkSize: 5 });
    const took = [];
    let thread, stream;
    for (let round = 0; round < 3; round += 1) {
        thread = newId();
        stream = await send(ana, { id: thread, message: say("endless") });
        await stream.reached(30);
        tap.closedAt = 0;
        const asked = Date.now();
        assert.equal((await stop(ana, thread, stream.messageId)).status, 204);
        while (!tap.closedAt && Date.now() - asked < 5000) await pause(2);
        took.push(tap.closedAt - asked);
        await stream.done;
    }
    const median = took.toSorted((a, b) => a - b)[1];
    assert.ok(median >= 0 && median < 100, `${took.join()} ms`);
    assert.equal(stream.parts.at(-1), "[DONE]");
    assert.ok(stream.part("abort"), JSON.stringify(stream.parts.slice(-4)));
    const [, answered] = await history(ana, thread);
    assert.equal(answered.metadata.state, "stopped");
    assert.ok(textOf(answered).startsWith("word word"));
});

test("a model that nobody runs: refused, then a rest; health is degraded but never down", async () => {
    const alone = await startServer({ env: env(`http://127.0.0.1:${await freePort()}/v1`) });
    try {
        const eve = await personOf(alone, "eve@example.org");
        const sentences = [];
        for (let i = 0; i < 12; i += 1) {
            const reply = await ask(eve, newId(), "hello");
            sentences.push(reply.part("error").errorText);
        }
        assert.match(sentences[0], /cannot be reached/);
        assert.match(sentences.at(-1), /given a short rest/);
        const health = await alone.request("/api/health");
        assert.equal(health.status, 200);
        assert.equal(health.json.status, "degraded");
        assert.notEqual(health.json.services.openai, "available");
    } finally {
        await alone.stop();
    }
});
