// The list of conversations and what leads to one: names, searches, pages, undo, the choice of materials.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { create, startBrowser } from "./browser.mjs";
import { composer, finished, openChat, reply, say } from "./conversation.mjs";

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

const open = (...args) => openChat(browser, server, ...args);
const listOf = (page) => page.getByRole("region", { name: "Conversations" });
const titles = async (person) =>
    (await person.request("/api/threads?limit=200")).json.threads.map((t) => t.title);

/** Waits until the server answers `look` with something true. */
async function eventually(look) {
    for (let i = 0; i < 200; i += 1) {
        if (await look()) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`never: ${look}`);
}

async function choose(page, title, item) {
    await listOf(page).getByRole("link", { name: title }).hover();
    await page.getByRole("button", { name: `Actions for ${title}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
}

test("conversations are found, renamed, deleted and brought back, on the server too", async () => {
    const { page, person } = await open("ivy@example.org");
    const thread = await create(person, "/api/threads", { title: "Volcanoes" });
    await create(person, "/api/threads", { title: "Fractions" });
    await page.reload();
    const list = listOf(page);
    await list.getByText("Volcanoes").waitFor();
    await page.getByLabel("Search conversations").fill("volc");
    await list.getByText("Fractions").waitFor({ state: "detached" });
    await page.waitForTimeout(500); // what was found stays found
    assert.deepEqual(await list.getByRole("link").allInnerTexts(), ["Volcanoes"]);
    await choose(page, "Volcanoes", "Rename");
    await page.getByLabel("New name").fill("Volcanoes and rocks");
    await page.getByLabel("New name").press("Enter");
    await list.getByText("Volcanoes and rocks").waitFor();
    await eventually(async () => (await titles(person)).includes("Volcanoes and rocks"));
    await page.goto(`/chat/${thread.id}`);
    await choose(page, "Volcanoes and rocks", "Delete");
    await page.waitForURL(/\/chat$/);
    await page.getByRole("button", { name: "Undo" }).waitFor();
    assert.deepEqual(await titles(person), ["Fractions"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await list.getByText("Volcanoes and rocks").waitFor();
    assert.equal((await titles(person)).length, 2);
});

test("on a phone the Undo of a deletion can be seen, pressed and heard in the open drawer", async () => {
    const { page, person } = await open("jim@example.org", { size: "phone" });
    for (const title of ["One", "Two", "Three", "Four"]) await create(person, "/api/threads", { title });
    await page.reload();
    await page.getByRole("button", { name: "Open the menu" }).click();
    const drawer = page.getByRole("dialog");
    for (const title of ["One", "Two", "Three", "Four"]) {
        await drawer.getByRole("button", { name: `Actions for ${title}` }).click();
        await page.getByRole("menuitem", { name: "Delete" }).click();
        await drawer.getByRole("status").getByText(`“${title}” deleted`).waitFor();
    }
    assert.deepEqual(await titles(person), []);
    const first = drawer.getByRole("group").filter({ hasText: "“One” deleted" });
    await first.getByRole("button", { name: "Undo" }).click();
    await drawer.getByRole("link", { name: "One", exact: true }).waitFor();
    assert.deepEqual(await titles(person), ["One"]);
});

test("the name that the model gives a conversation appears by itself", async () => {
    const { page } = await open("kay@example.org");
    await say(page, "[[tokens=4 delay=900]]");
    await finished(page);
    await listOf(page).getByRole("link", { name: "word0 word1 word2 word3" }).waitFor();
    await page.waitForFunction(() => document.title.startsWith("word0 word1 word2 word3"));
});

test("more pages stay when the list is read anew, and never mix with another search", async () => {
    const { page, person } = await open("lou@example.org");
    for (let i = 0; i < 60; i += 1) await create(person, "/api/threads", { title: `Topic ${i}` });
    await create(person, "/api/threads", { title: "Other" });
    await page.reload();
    const links = listOf(page).getByRole("link");
    await listOf(page).getByText("Other").waitFor();
    assert.equal(await links.count(), 50);
    await page.getByRole("button", { name: "Show more" }).click();
    await listOf(page).getByRole("link", { name: "Topic 0", exact: true }).waitFor();
    await say(page, "newest [[tokens=3]]");
    await finished(page);
    await listOf(page)
        .getByRole("link", { name: /^word0|^newest/ })
        .waitFor();
    await listOf(page).getByRole("link", { name: "Topic 0", exact: true }).waitFor();

    await page.reload();
    await listOf(page).getByText("Topic 59").waitFor();
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route(/\/api\/threads\?.*after=/, async (route) => {
        await held;
        await route.continue().catch(() => undefined); // the page may have given up on it
    });
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByLabel("Search conversations").fill("other");
    await listOf(page).getByText("Topic 59").waitFor({ state: "detached" });
    release();
    await page.waitForTimeout(500);
    assert.deepEqual(await links.allInnerTexts(), ["Other"]);
});

test("a search that fails does not show the list of before as its answer", async () => {
    const { page, person } = await open("max@example.org");
    await create(person, "/api/threads", { title: "Fractions" });
    await page.reload();
    await listOf(page).getByText("Fractions").waitFor();
    await page.route(/\/api\/threads\?.*q=/, (route) => route.fulfill({ status: 503, body: "{}" }));
    await page.getByLabel("Search conversations").fill("volc");
    await listOf(page).getByText("The server is busy right now").waitFor();
    await listOf(page).getByText("Fractions").waitFor({ state: "detached" });
    await page.unroute(/\/api\/threads\?.*q=/);
    await page.getByLabel("Search conversations").fill("");
    await listOf(page).getByText("Fractions").waitFor();
});

test("the choice of materials is the conversation's own, wherever it stands in the list", async () => {
    const person = await server.as("ned@example.org");
    const made = [];
    for (const title of ["Cells", "Stars"]) made.push(await create(person, "/api/materials", { title }));
    const materialIds = made.map((material) => material.id);
    const thread = await create(person, "/api/threads", { title: "Chosen", materialIds });
    for (let i = 0; i < 55; i += 1) await create(person, "/api/threads", { title: `Later ${i}` });
    await person.request(`/api/materials/${made[1].id}`, { method: "DELETE" });
    const { page } = await open("ned@example.org", {}, `/chat/${thread.id}`);
    await page.getByRole("heading", { level: 1, name: "Chosen" }).waitFor({ state: "attached" });
    await page.getByRole("button", { name: /material/ }).click();
    const picker = page.getByRole("dialog");
    assert.ok(await picker.getByLabel("Cells").isChecked());
    await picker.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "1 material", exact: true }).waitFor();
    const kept = await person.request(`/api/threads/${thread.id}`);
    assert.deepEqual(kept.json.materialIds, [made[0].id]);
    assert.equal(await page.getByRole("status").getByRole("group").count(), 0, "no notice of a refusal");
});

test("a search result leads to its message in a version that is not shown, once", async () => {
    const { page } = await open("oda@example.org", { size: "phone" });
    await say(page, "about zebras [[tokens=300]]");
    await finished(page);
    await page.getByRole("button", { name: "Edit this message" }).click();
    await page.getByLabel("Edit this message").fill("about lions [[tokens=300]]");
    await page.getByRole("article", { name: "You" }).getByRole("button", { name: "Send" }).click();
    await page.getByText("2/2").waitFor();
    await finished(page);
    await page.goto("/search?q=zebras");
    await page
        .getByRole("link", { name: /zebras/ })
        .first()
        .click();
    const zebras = page.getByRole("article", { name: "You" }).getByText("about zebras");
    await zebras.waitFor();
    await page.getByText("1/2").waitFor();
    await say(page, "and then [[tokens=300]]");
    await finished(page);
    const below = await page.evaluate(() => {
        const box = document.querySelector(".scroll");
        return box.scrollHeight - box.scrollTop - box.clientHeight;
    });
    assert.ok(below < 100, `the end of the new reply is shown (${below} px below)`);
    assert.equal(await zebras.count(), 1);
});

test("a save in the settings does not read the conversations again", async () => {
    const { page } = await open("pat@example.org", {}, "/chat");
    await page.getByRole("link", { name: "Settings" }).click();
    const name = page.getByLabel("Name", { exact: true });
    await name.waitFor();
    const asked = [];
    let last = Date.now();
    page.on("request", (request) => {
        asked.push(new URL(request.url()).pathname);
        last = Date.now();
    });
    await eventually(() => Date.now() - last > 500);
    asked.length = 0;
    await name.fill("Pat");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved").waitFor();
    await page.waitForLoadState("networkidle");
    assert.deepEqual(
        asked.filter((path) => path !== "/api/me"),
        [],
    );
});

test("who signs in after somebody else in the same tab sees nothing of theirs", async () => {
    const first = await server.as("quin@example.org");
    await create(first, "/api/materials", { title: "Diary of Quin" });
    await create(first, "/api/threads", { title: "Worries of Quin" });
    const { page } = await open("quin@example.org");
    await page.getByRole("link", { name: "Materials", exact: true }).click();
    await page.getByText("Diary of Quin").waitFor();
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).last().click();
    await page.getByLabel("E-mail").fill("rae@example.org");
    await page.getByRole("button", { name: "Send me a code" }).click();
    const { code } = await newestMail(server, "rae@example.org");
    await page.route(/\/api\/(materials|subjects|threads)/, () => undefined); // answers nothing
    await page.getByLabel("Six-digit code").pressSequentially(code);
    await composer(page).waitFor();
    await page.getByRole("link", { name: "Materials", exact: true }).click();
    await page.getByRole("heading", { name: "Materials" }).waitFor();
    assert.equal(await page.getByText("Quin").count(), 0);
});

test("the reply in a chat that was left goes on, and is there on return", async () => {
    const { page } = await open("sue@example.org");
    await say(page, "[[tokens=40 delay=50]]");
    await page.waitForURL(/\/chat\/./);
    const place = new URL(page.url()).pathname;
    await page.getByRole("link", { name: "New chat" }).first().click();
    await page.waitForURL(/\/chat$/);
    await page.goto(place);
    await reply(page).getByText("word39").waitFor();
    await finished(page);
});
