// Materials searched by meaning: with a stand-in for an embedding model that knows three topics, each a direction.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId } from "../support/chat.mjs";
import { startDatabase } from "../support/database.mjs";
import { startModel as startTutor } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

const topics = [/car|automobile|kotse/gi, /leaf|leaves|foliage|dahon/gi, /volcano|eruption|bulkan/gi];

/**
 * An embedding server: `behave` steers it (`refuse`: texts that it answers with 400, `choke`: with 500), `asked` has the
 * body of every request.
 */
async function startModel() {
    const model = { asked: [], behave: { status: 200, delay: 0 } };
    const server = createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const body = JSON.parse(Buffer.concat(pieces).toString("utf8"));
        model.asked.push({ ...body, authorization: request.headers.authorization });
        const { status, delay, refuse, choke } = model.behave;
        if (delay) await pause(delay);
        const has = (what) => what && body.input.some((text) => what.test(text));
        const answer = has(refuse) ? 400 : has(choke) ? 500 : status;
        response.writeHead(answer, { "content-type": "application/json" });
        const data = body.input.map((text, index) => ({
            index,
            embedding: [...topics.map((topic) => (text.match(topic) ?? []).length), 0.1],
        }));
        response.end(JSON.stringify({ object: "list", data }));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    model.url = `http://127.0.0.1:${server.address().port}/v1`;
    model.close = () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections());
    return model;
}

let database, model, tutor, server, ana, ben;
const env = () => ({
    ...tutor.env,
    DATABASE_URL: database.url,
    OPENAI_EMBEDDING_BASE_URL: model.url,
    OPENAI_EMBEDDING_MODEL: "topics-1",
});

before(async () => {
    database = await startDatabase();
    [model, tutor] = await Promise.all([startModel(), startTutor()]);
    server = await startServer({ env: env() });
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
    await tutor?.close();
    await database?.stop();
});

async function material(who, title, entries) {
    const made = await who.request("/api/materials", { method: "POST", json: { title } });
    for (const [name, content] of Object.entries(entries)) {
        const written = await who.request(`/api/materials/${made.json.id}/entries`, {
            method: "POST",
            json: { title: name, content },
        });
        assert.equal(written.status, 201, written.text);
    }
    return made.json.id;
}
const found = async (who, words, more = "") =>
    (await who.request(`/api/search?in=materials&q=${encodeURIComponent(words)}${more}`)).json.results;

async function counted(line) {
    const { text } = await server.request("/api/metrics");
    return Number(
        text
            .split("\n")
            .find((one) => one.startsWith(`${line} `))
            ?.slice(line.length + 1) ?? 0,
    );
}
const searches = (outcome) => counted(`brainbytes_semantic_searches_total{outcome="${outcome}"}`);

/** Waits until it is so. */
async function until(so, what, within = 70_000) {
    const deadline = Date.now() + within;
    while (!(await so())) {
        assert.ok(Date.now() < deadline, `in vain: ${what}`);
        await pause(200);
    }
}

/** Waits until so many passages have vectors of a model. */
async function vectors(count, name = "topics-1", within = 60_000) {
    const deadline = Date.now() + within;
    for (;;) {
        const { rows } = await counts(name);
        if (rows === count) return;
        assert.ok(Date.now() < deadline, `${rows} passages of ${count} have vectors of ${name}`);
        await pause(100);
    }
}
async function counts(name) {
    const text = await database.query(`SELECT count(*) FROM passage_vectors WHERE model = '${name}'`);
    return { rows: Number(String(text).trim()) };
}

test("what a question means finds what none of its words stands in", async () => {
    await material(ana, "Notes", {
        Engines: "A car has an engine.",
        Plants: "A leaf makes sugar.",
        Fire: "The eruption of a volcano was loud.",
    });
    await material(ben, "Foreign", { Engines: "My car is red." });
    await vectors(4);
    const [first] = await found(ana, "automobile");
    assert.equal(first.title, "Engines");
    assert.equal(first.text, "A car has an engine.");
    assert.deepEqual(
        (await found(ana, "automobile")).filter(({ text }) => text.includes("red")),
        [],
        "nothing of another person",
    );
    assert.equal((await found(ana, "dahon"))[0].title, "Plants");
    assert.ok((await searches("found")) >= 3);
    assert.equal(model.asked[0].model, "topics-1");
    assert.equal(model.asked[0].authorization, undefined, "a server of its own gets no key");
    assert.ok(model.asked.every(({ input }) => input.length <= 32));
});

test("only chosen materials are looked into, and deleted ones are gone", async () => {
    const other = await material(ana, "Other", { Driving: "Every car needs a driver." });
    await vectors(5);
    const only = await found(ana, "automobile", `&material=${other}`);
    assert.deepEqual(
        only.map(({ title }) => title),
        ["Driving"],
    );
    assert.equal((await ana.request(`/api/search?q=x&material=no`)).status, 422);
    assert.equal((await server.request(`/api/search?q=automobile`)).status, 401);
    assert.deepEqual(await found(ben, "automobile", `&material=${other}`), []);
    assert.equal((await ana.request(`/api/materials/${other}`, { method: "DELETE" })).status, 204);
    const titles = (await found(ana, "automobile")).map(({ title }) => title);
    assert.ok(titles.includes("Engines") && !titles.includes("Driving"), titles.join());
});

test("a model that is slow or fails leaves the search to the words", async () => {
    const before = await searches("model_failed");
    model.behave.delay = 3_000;
    const began = Date.now();
    assert.equal((await found(ana, "engine"))[0].title, "Engines");
    assert.ok(Date.now() - began < 2_000, `${Date.now() - began} ms`);
    model.behave.delay = 0;
    model.behave.status = 500;
    assert.equal((await found(ana, "engine"))[0].title, "Engines");
    assert.deepEqual(await found(ana, "automobile"), []);
    assert.equal((await searches("model_failed")) - before, 3);
    model.behave.status = 200;
    assert.equal((await found(ana, "automobile"))[0].title, "Engines");
});

test("passages wait while the model fails, and a text that it refuses is left out alone", async () => {
    model.behave.status = 503;
    await material(ben, "More", { Leaves: "Foliage falls.", Odd: "UNSPEAKABLE words.", Hot: "A volcano." });
    const deadline = Date.now() + 10_000;
    const waiting = async () => (await server.request("/api/health")).json.details.passagesWaiting;
    const failures = () => counted('brainbytes_embedding_requests_total{of="passages",outcome="failed"}');
    while ((await failures()) === 0) {
        assert.ok(Date.now() < deadline);
        await pause(100);
    }
    await until(async () => (await waiting()) > 0, "some wait");
    model.behave.refuse = /UNSPEAKABLE/;
    model.behave.status = 200;
    await vectors(7); // what is deleted keeps its vector until it is purged
    assert.equal(await counted('brainbytes_passages_embedded_total{outcome="refused"}'), 1);
    assert.equal((await found(ben, "dahon"))[0].title, "Leaves");
    await until(async () => (await waiting()) === 0, "none waits");
    model.behave.refuse = undefined;
});

/** Whether all is done that could be for somebody's passages, as they are now. */
async function done(email) {
    const text = await database.query(
        `SELECT v.changes = c.changes AND v.attempts = 0 FROM vector_corpora v JOIN corpora c USING (owner_id)
         JOIN users u ON u.id = c.owner_id WHERE u.email = '${email}'`,
    );
    return String(text).trim() === "t";
}

test("refused texts that stand alone are not asked for again and again", async () => {
    const cai = await server.as("cai@example.org");
    const refusals = () => counted('brainbytes_passages_embedded_total{outcome="refused"}');
    const before = await refusals();
    model.behave.refuse = /UNSPEAKABLE/;
    const alone = await material(cai, "Alone", { Odd: "UNSPEAKABLE words." });
    await until(() => done("cai@example.org"), "the refused text is done with");
    assert.ok((await refusals()) > before);
    const asked = model.asked.length;
    await pause(5_000); // in which there would be two rounds
    assert.equal(model.asked.length, asked);
    assert.equal((await cai.request(`/api/materials/${alone}`, { method: "DELETE" })).status, 204);
    model.behave.refuse = undefined;
});

test("a text at which the model always fails is left out alone in the end", async () => {
    const cai = await server.as("cai@example.org");
    await until(() => done("cai@example.org"), "nothing is in hand");
    const mine = "WHERE owner_id = (SELECT id FROM users WHERE email = 'cai@example.org')";
    await database.query(`UPDATE vector_corpora SET next_try_at = now() + interval '1 hour' ${mine}`);
    model.behave.choke = /ENDLESS/;
    const both = await material(cai, "Both", { Long: "ENDLESS words.", Short: "A leaf is thin." });
    await database.query(`UPDATE vector_corpora SET attempts = 3, next_try_at = now() ${mine}`);
    await until(() => done("cai@example.org"), "the text is done with");
    assert.equal((await found(cai, "dahon"))[0].title, "Short");
    assert.equal((await counts("topics-1")).rows, 8);
    assert.equal((await cai.request(`/api/materials/${both}`, { method: "DELETE" })).status, 204);
    model.behave.choke = undefined;
});

test("a chat that answers from materials alone reads what was found by meaning", async () => {
    const person = { ...ana, url: server.url };
    const reply = await ask(person, newId(), "Automobile?", { body: { onlyMaterials: true } });
    assert.doesNotMatch(reply.text, /nothing about this in your materials/);
    const { messages } = tutor.requests.find((one) => /tutor who helps/.test(one.messages[0].content));
    assert.match(messages[0].content, /own materials only/);
    assert.match(messages.at(-1).content, /A car has an engine\./);
    // Where nothing can be found by meaning it is as before.
    const nobody = { ...(await server.as("dan@example.org")), url: server.url };
    const none = await ask(nobody, newId(), "Automobile?", { body: { onlyMaterials: true } });
    assert.match(none.text, /nothing about this in your materials/);
});

test("of a text that is edited only what changed is sent again, of one with another title all", async () => {
    const email = "eve@example.org";
    const eve = await server.as(email);
    const section = (name, text) => `# ${name}\n\n${text}\n\n`;
    const [cars, plants, fire] = [
        section("Cars", "A car has an engine."),
        section("Plants", "A leaf makes sugar."),
        section("Fire", "A volcano is loud."),
    ];
    const id = await material(eve, "Edited", { All: cars + plants + fire });
    const [entry] = (await eve.request(`/api/materials/${id}/entries`)).json.entries;
    await until(() => done(email), "the passages have vectors");
    /** The texts that the model is sent because of a change. */
    const sentFor = async (json) => {
        const before = model.asked.length;
        const place = `/api/materials/${id}/entries/${entry.id}`;
        const changed = await eve.request(place, { method: "PATCH", json });
        assert.equal(changed.status, 200, changed.text);
        await until(() => done(email), "the changed passages have vectors");
        return model.asked.slice(before).flatMap(({ input }) => input);
    };
    const content = section("Before", "It is night.") + cars + section("Plants", "Foliage falls.") + fire;
    const sent = await sentFor({ content });
    assert.equal(sent.length, 2, sent.join());
    assert.ok(sent.some((text) => text.startsWith("All > Before") && text.includes("It is night.")));
    assert.ok(sent.some((text) => text.startsWith("All > Plants") && text.includes("Foliage falls.")));
    const [first] = await found(eve, "automobile");
    assert.match(first.text, /A car has an engine\./);
    assert.match((await found(eve, "dahon"))[0].text, /Foliage falls\./);
    const renamed = await sentFor({ title: "Everything" });
    assert.equal(renamed.length, 4, renamed.join());
    assert.ok(
        renamed.every((text) => text.startsWith("Everything > ")),
        renamed.join(),
    );
    assert.equal((await eve.request(`/api/materials/${id}`, { method: "DELETE" })).status, 204);
});

test("another model gets all passages anew, and vectors go with their text", async () => {
    await server.stop({ keep: true });
    server.options.env.OPENAI_EMBEDDING_MODEL = "topics-2";
    await server.start();
    await vectors(7, "topics-2"); // all but the one of a deleted material
    assert.equal((await found(ana, "automobile"))[0].title, "Engines");
    const list = (await ana.request("/api/materials")).json.materials;
    const notes = list.find(({ title }) => title === "Notes").id;
    const entries = (await ana.request(`/api/materials/${notes}/entries`)).json.entries;
    const fire = entries.find(({ title }) => title === "Fire").id;
    const gone = await ana.request(`/api/materials/${notes}/entries/${fire}`, { method: "DELETE" });
    assert.equal(gone.status, 204);
    assert.equal((await counts("topics-2")).rows, 6);
});
