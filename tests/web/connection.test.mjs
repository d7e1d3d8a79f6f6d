// A connection that breaks in the middle, comes back, or comes back twice: one whole reply, once.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { startBrowser } from "./browser.mjs";
import { finished, openChat, reply, said, say, stopped } from "./conversation.mjs";

let model, server, browser, wire;
before(async () => {
    model = await startModel();
    [server, browser] = await Promise.all([startServer({ env: model.env }), startBrowser()]);
    wire = await startWire(server.port);
});
after(async () => {
    await browser?.close();
    await wire?.close();
    await server?.stop();
    await model?.close();
});

/** A cable to the server that can be cut: {url, cut(), down}. While it is down nobody gets through. */
async function startWire(port) {
    const sockets = new Set();
    const wire = { down: false };
    const gate = createServer((near) => {
        if (wire.down) return near.destroy();
        const far = connect(port, "127.0.0.1");
        for (const socket of [near, far]) {
            sockets.add(socket);
            socket.on("error", () => undefined);
            socket.on("close", () => {
                sockets.delete(socket);
                near.destroy();
                far.destroy();
            });
        }
        near.pipe(far).pipe(near);
    });
    await new Promise((resolve) => gate.listen(0, "127.0.0.1", resolve));
    wire.url = `http://127.0.0.1:${gate.address().port}`;
    wire.cut = () => sockets.forEach((socket) => socket.destroy());
    wire.close = () => {
        wire.cut();
        return new Promise((resolve) => gate.close(resolve));
    };
    return wire;
}

/** Opens the chat over the wire. */
const open = (email) =>
    openChat({ visitor: (_, options) => browser.visitor({ url: wire.url }, options) }, server, email);

/** How often this word stands in the newest reply. */
const times = async (page, word) => (await said(page)).split(/\s+/).filter((w) => w === word).length;
const back = (page) => page.evaluate(() => dispatchEvent(new Event("online")));

test("a stream cut in the middle goes on by itself, and nothing is there twice", async () => {
    const { page } = await open("ana@example.org");
    await say(page, "[[tokens=120 delay=60]]");
    await reply(page).getByText("word5", { exact: false }).waitFor();
    wire.cut();
    await reply(page).getByText("word119").waitFor();
    await finished(page);
    assert.equal(await times(page, "word5"), 1);
    assert.equal(await page.getByRole("alert").count(), 0);
    assert.equal(await page.getByText("This reply was interrupted").count(), 0);
});

test("after a long time without a connection the page says so, and resumes when it is back", async () => {
    const { page } = await open("bo@example.org");
    await say(page, "[[tokens=3000 delay=60]]");
    await reply(page).getByText("word5", { exact: false }).waitFor();
    wire.down = true;
    wire.cut();
    await page.getByText("Connecting again").waitFor();
    await page.getByText("The server cannot be reached").waitFor({ timeout: 60_000 });
    wire.down = false;
    await back(page);
    await page.getByText("The server cannot be reached").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await reply(page).getByText("word5", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await stopped(page);
});

test("a server that is busy for a moment is asked again", async () => {
    const { page } = await open("cy@example.org");
    let refusals = 0;
    await page.route("**/stream", (route) => {
        refusals += 1;
        return refusals < 3 ? route.fulfill({ status: 503, body: "{}" }) : route.continue();
    });
    await say(page, "[[tokens=150 delay=60]]");
    await reply(page).getByText("word5", { exact: false }).waitFor();
    wire.cut();
    await reply(page).getByText("word149").waitFor({ timeout: 60_000 });
    await finished(page);
    assert.equal(refusals, 3);
});

/** Has the person ask in the open conversation from another device; resolves as the reply runs. */
async function askElsewhere(page, person, text) {
    const id = page.url().split("/").pop();
    const message = { id: "other1", role: "user", parts: [{ type: "text", text }] };
    const done = person.request("/api/chat", { method: "POST", json: { id, message }, timeout: 60_000 });
    for (let tries = 0; tries < 100; tries += 1) {
        const { json } = await person.request(`/api/threads/${id}/messages`);
        if (json.messages.some((m) => m.id === "other1")) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { done };
}

test("news of the connection, however often, never doubles a text", async () => {
    const { page, person } = await open("dee@example.org");
    await say(page, "[[tokens=3]]");
    await finished(page);
    const elsewhere = await askElsewhere(page, person, "from elsewhere [[tokens=150 delay=50]]");
    await back(page);
    await back(page);
    await back(page);
    await reply(page).getByText("word9", { exact: false }).waitFor();
    assert.equal(await times(page, "word5"), 1);
    await elsewhere.done;
    await finished(page);
    assert.equal(await times(page, "word149"), 1);
});

test("a server that is busy as the connection comes back is asked again, without a word of it", async () => {
    const { page, person } = await open("eli@example.org");
    await say(page, "[[tokens=3]]");
    await finished(page);
    let refusals = 0;
    await page.route("**/stream", (route) => {
        refusals += 1;
        return refusals < 3 ? route.fulfill({ status: 429, body: "{}" }) : route.continue();
    });
    const elsewhere = await askElsewhere(page, person, "from elsewhere [[tokens=150 delay=50]]");
    await back(page);
    await reply(page).getByText("word9", { exact: false }).waitFor();
    assert.equal(refusals, 3);
    assert.equal(await page.getByRole("alert").count(), 0);
    await elsewhere.done;
    await finished(page);
    assert.equal(await times(page, "word149"), 1);
});

test("a question asked elsewhere while a reply ends is followed, too", async () => {
    const { page, person } = await open("fay@example.org");
    let go;
    const asked = new Promise((resolve) => (go = resolve));
    await page.route("**/messages", async (route) => {
        await asked;
        await route.continue();
    });
    await say(page, "[[tokens=3]]");
    await reply(page).getByText("word2", { exact: false }).waitFor();
    await page.waitForURL("**/chat/*");
    const elsewhere = await askElsewhere(page, person, "from elsewhere [[tokens=60 delay=50]]");
    go();
    await reply(page).getByText("word50", { exact: false }).waitFor();
    await elsewhere.done;
    await finished(page);
    assert.equal(await times(page, "word59"), 1);
});
