// A conversation is asked for before the part of the page that shows it has come, and only its reader gets it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, newId } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { startBrowser } from "./browser.mjs";
import { reply } from "./conversation.mjs";

let model, server, browser;
before(async () => {
    model = await startModel();
    [server, browser] = await Promise.all([startServer({ env: model.env }), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
    await model?.close();
});

/** A person with one conversation, and its address below /api/. */
async function withConversation(email) {
    const person = await server.as(email);
    const thread = newId();
    await ask({ ...person, url: server.url }, thread, "[[tokens=3]]");
    return { person, thread, address: `/api/threads/${thread}` };
}

test("a conversation is asked for once, while the part that shows it is on its way", async () => {
    const { person, thread, address } = await withConversation("ana@example.org");
    const page = await browser.visitor(server, { cookie: person.cookie });
    const asked = [];
    let bothAsked;
    const both = new Promise((done) => (bothAsked = done));
    page.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (!pathname.startsWith(address)) return;
        asked.push(pathname);
        if (asked.length === 2) bothAsked();
    });
    await page.route("**/assets/SignedIn-*.js", async (route) => {
        await both;
        await route.continue();
    });
    await page.goto(`/chat/${thread}`);
    await reply(page).getByText("word2").waitFor();
    assert.deepEqual(asked.sort(), [address, `${address}/messages`]);
    assert.deepEqual(page.faults, []);
});

test("an answer from before the sign-in is not shown after it", async () => {
    const { thread, address } = await withConversation("ben@example.org");
    const page = await browser.visitor(server);
    const message = { id: newId(), role: "assistant", parts: [{ type: "text", text: "of somebody else" }] };
    const before = { json: { messages: [message], earlier: null } };
    await page.route(`**${address}/messages`, (route) => route.fulfill(before), { times: 1 });
    await page.goto(`/chat/${thread}`);
    await page.getByLabel("E-mail").fill("ben@example.org");
    await page.getByLabel("E-mail").press("Enter");
    const field = page.getByLabel("Six-digit code");
    await field.waitFor();
    await field.pressSequentially((await newestMail(server, "ben@example.org")).code);
    await reply(page).getByText("word2").waitFor();
    assert.equal(await page.getByText("of somebody else").count(), 0);
});

test("while a message may be on its way, its conversation is asked for no earlier than it is shown", async () => {
    const { person, thread, address } = await withConversation("cora@example.org");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.addInitScript(() => localStorage.setItem("brainbytes:unsent:somebody:new", "{}"));
    let shown = false;
    const early = [];
    page.on("request", (request) => {
        if (!shown && request.url().includes(address)) early.push(request.url());
    });
    await page.route("**/assets/SignedIn-*.js", async (route) => {
        await page.waitForFunction(() => document.querySelector(".splash"));
        shown = true;
        await route.continue();
    });
    await page.goto(`/chat/${thread}`);
    await reply(page).getByText("word2").waitFor();
    assert.deepEqual(early, []);
    assert.ok(shown);
});
