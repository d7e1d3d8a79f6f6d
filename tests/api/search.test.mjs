import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ask, history, newId, personOf, textOf } from "../support/chat.mjs";
import { startServer } from "../support/server.mjs";

let server;
let ana;
let ben;
let material;
let entry;

const text = `# Photosynthesis

Plants make sugar from light. 🙂 Their leaves hold chlorophyll, a green pigment.

# Respiration

Mitochondria release energy from sugar.
`;

before(async () => {
    server = await startServer();
    ana = await personOf(server, "ana@example.org");
    ben = await server.as("ben@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Biology" } });
    material = made.json.id;
    const written = await ana.request(`/api/materials/${material}/entries`, {
        method: "POST",
        json: { title: "Energy", content: text },
    });
    entry = written.json.id;
});
after(() => server?.stop());

const search = (who, query) => who.request(`/api/search?${query}`);

const marked = ({ text, highlights }) =>
    highlights.map(([start, end]) => [...text].slice(start, end).join(""));
const titled = ({ results }) => results.filter(({ kind }) => kind === "material" || kind === "thread");

describe("search", () => {
    test("finds passages with their place and highlights", async () => {
        const { status, json } = await search(ana, "q=green+pigments&in=materials");
        assert.equal(status, 200);
        assert.equal(json.answerable, true);
        const [hit] = json.results;
        assert.equal(hit.kind, "entry");
        assert.equal(hit.materialId, material);
        assert.equal(hit.entryId, entry);
        assert.equal(hit.title, "Energy");
        assert.deepEqual(hit.headingPath, ["Photosynthesis"]);
        assert.equal(hit.page, null);
        assert.equal([...text].slice(hit.start, hit.end).join(""), hit.text);
        assert.deepEqual(marked(hit), ["green", "pigment"]);
    });

    test("forgives misspellings and says when it found nothing to answer from", async () => {
        assert.equal((await search(ana, "q=mitocondria")).json.results[0].headingPath[0], "Respiration");
        const nothing = await search(ana, "q=Who+won+the+world+cup+in+1998%3F");
        assert.equal(nothing.json.answerable, false);
        assert.deepEqual((await search(ana, "q=%3F%3F%3F")).json.results, []);
    });

    test("looks into one material or into inactive ones too", async () => {
        const off = await ana.request("/api/materials", {
            method: "POST",
            json: { title: "Off", active: false },
        });
        await ana.request(`/api/materials/${off.json.id}/entries`, {
            method: "POST",
            json: { title: "Quiet", content: "Obsidian is volcanic glass." },
        });
        assert.equal((await search(ana, "q=obsidian")).json.results.length, 1);
        assert.equal((await search(ana, `q=obsidian&material=${material}`)).json.results.length, 0);
        assert.equal((await search(ana, `q=obsidian&material=${off.json.id}`)).json.results.length, 1);
        assert.equal((await search(ana, "q=obsidian&in=threads")).json.results.length, 0);
    });

    test("never shows what is somebody else's", async () => {
        const { json } = await search(ben, "q=chlorophyll");
        assert.deepEqual(json, { results: [], answerable: false });
        assert.deepEqual((await search(ben, `q=chlorophyll&material=${material}`)).json.results, []);
    });

    test("finds words of questions and of answers in one's own chats", async () => {
        const thread = newId();
        const question =
            "🙂 I have been through all of my notes on it twice, and Teacher Wilhelmina asks again: which green pigment do leaves hold?";
        await ask(ana, thread, question);
        const messages = await history(ana, thread);
        for (const [at, word] of [
            [0, "Wilhelmina"],
            [1, "chlorophyll"],
        ]) {
            const { json } = await search(ana, `q=${word.toLowerCase()}&in=threads`);
            assert.equal(json.results.length, 1, word);
            const [hit] = json.results;
            assert.equal(hit.kind, "message");
            assert.equal(hit.threadId, thread);
            assert.equal(hit.messageId, messages[at].id);
            const whole = [...textOf(messages[at])];
            assert.ok(hit.start > 0, "an excerpt around the word");
            assert.equal(whole.slice(hit.start, hit.end).join(""), hit.text);
            const marked = hit.highlights.map(([start, end]) => [...hit.text].slice(start, end).join(""));
            assert.ok(marked.length > 0);
            for (const one of marked) assert.equal(one, word);
            const strangers = await search(ben, `q=${word}&in=threads`);
            assert.deepEqual(strangers.json.results, [], "chats are their person's alone");
        }
        const everywhere = (await search(ana, "q=chlorophyll")).json.results.map(({ kind }) => kind);
        assert.deepEqual(everywhere.sort(), ["entry", "message"]);
    });

    test("is cached by its tag", async () => {
        const first = await search(ana, "q=sugar");
        const again = await ana.request("/api/search?q=sugar", {
            headers: { "if-none-match": first.headers.get("etag") },
        });
        assert.equal(again.status, 304);
    });

    test("finds materials by title or description, with every word of it", async () => {
        const title = "🙂 Ángles and Triangles";
        const description = "What Euclid proved of them";
        const json = { title, description, active: false };
        const { id } = (await ana.request("/api/materials", { method: "POST", json })).json;
        const [hit, ...more] = (await search(ana, "q=triangle&in=materials")).json.results;
        assert.deepEqual(more, []);
        assert.deepEqual(
            [hit.kind, hit.materialId, hit.title, hit.description, hit.score],
            ["material", id, title, description, 1],
        );
        assert.deepEqual([hit.text, hit.start, hit.end], [title, 0, [...title].length]);
        assert.deepEqual(marked(hit), ["Triangle"]);
        const both = (await search(ana, "q=angles+EUCLID")).json.results;
        assert.deepEqual(both.map(marked), [["Ángles", "angles"]]);
        assert.deepEqual(titled((await search(ana, "q=triangle+newton")).json), []);
        assert.deepEqual(titled((await search(ana, "q=triangle&in=threads")).json), []);
        assert.deepEqual(titled((await search(ana, `q=triangle&material=${id}`)).json), []);
        assert.deepEqual(titled((await search(ben, "q=triangle")).json), []);
        assert.equal((await ana.request(`/api/materials/${id}`, { method: "DELETE" })).status, 204);
        assert.deepEqual(titled((await search(ana, "q=triangle")).json), []);
    });

    test("finds chats by their title, but none that is temporary or deleted", async () => {
        const chat = async (json) => (await ana.request("/api/threads", { method: "POST", json })).json.id;
        const id = await chat({ title: "Why comets vanish" });
        await chat({ title: "Comets in passing", temporary: true });
        const { results } = (await search(ana, "q=COMET+vanish")).json;
        assert.deepEqual(
            results.map(({ kind, threadId, title, score }) => [kind, threadId, title, score]),
            [["thread", id, "Why comets vanish", 1]],
        );
        assert.deepEqual(marked(results[0]), ["comet", "vanish"]);
        assert.equal((await search(ana, "q=comet&in=threads")).json.results.length, 1);
        assert.deepEqual(titled((await search(ana, "q=comet&in=materials")).json), []);
        assert.deepEqual(titled((await search(ana, `q=comet&material=${material}`)).json), []);
        assert.deepEqual(titled((await search(ben, "q=comet")).json), []);
        assert.equal((await ana.request(`/api/threads/${id}`, { method: "DELETE" })).status, 204);
        assert.deepEqual(titled((await search(ana, "q=comet")).json), []);
    });

    test("shows few titles, those first that say little else, and what stands in texts beside them", async () => {
        for (let n = 0; n < 8; n += 1) {
            const json = { title: `Collected notes about tides, part ${n}` };
            await ana.request("/api/materials", { method: "POST", json });
        }
        await ana.request("/api/materials", { method: "POST", json: { title: "Tides" } });
        await ana.request(`/api/materials/${material}/entries`, {
            method: "POST",
            json: { title: "Sea", content: "The moon makes the tides." },
        });
        const { results } = (await search(ana, "q=tides&limit=6")).json;
        assert.equal(results[0].text, "The moon makes the tides.");
        assert.equal(results[1].title, "Tides");
        assert.equal(results.length, 6);
        assert.ok(results.every(({ score }, i) => score <= (results[i - 1]?.score ?? 1) && score > 0));
    });

    test("refuses what is no search", async () => {
        const cases = [
            "",
            "q=",
            "q=%20",
            `q=${"x".repeat(501)}`,
            "q=x&in=files",
            "q=x&in=material",
            "q=x&in=",
            "q=x&limit=0",
            "q=x&limit=51",
        ];
        for (const query of [...cases, "q=x&material=7", "q=a%00b", "q=%ff"]) {
            const answer = await search(ana, query);
            assert.ok([400, 422].includes(answer.status), `${query}: ${answer.status}`);
        }
        assert.equal((await server.request("/api/search?q=x")).status, 401);
    });

    test("takes any words without harm", async () => {
        const odd = [
            "'; DROP TABLE passages; --",
            "a & b | !c <-> d",
            "%25_\\",
            "🙂🙂",
            "光合成",
            "x".repeat(400),
        ];
        for (const words of odd) {
            const answer = await search(ana, `q=${encodeURIComponent(words)}`);
            assert.equal(answer.status, 200, words);
        }
    });
});
