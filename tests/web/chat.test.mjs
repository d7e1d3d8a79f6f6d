// A conversation in the page: streamed, stopped, edited, resumed, refused, found again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, newId } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { create, startBrowser } from "./browser.mjs";

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

async function open(email, options = {}, place = "/chat") {
    const person = await server.as(email);
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto(place);
    await page.getByLabel("Your message").waitFor();
    return { page, person };
}

async function say(page, text) {
    await page.getByLabel("Your message").fill(text);
    await page.getByRole("button", { name: "Send", exact: true }).click();
}

const reply = (page) => page.getByRole("article", { name: "BrainBytes" }).last();
const finished = (page) => page.getByRole("button", { name: "Answer again" }).last().waitFor();

test("a question gets a streamed answer that is there after a reload, with its address", async () => {
    const { page } = await open("ana@example.org");
    await say(page, "R&D cost = 5 # hash [[tokens=30 delay=20]]");
    await page.waitForURL(/\/chat\/[0-9a-f-]{36}$/);
    await reply(page).getByText("word3", { exact: false }).waitFor();
    await finished(page);
    await page.reload();
    await reply(page).getByText("word29").waitFor();
    await page.getByText("R&D cost = 5 # hash").first().waitFor();
    const live = page.getByTestId("live");
    await say(page, "yes");
    await page.waitForFunction(() => /answered:/.test(document.querySelector("[aria-live]").textContent));
    assert.match(await live.textContent(), /word0/);
    await say(page, "yes");
    await page.waitForFunction(() => document.querySelectorAll("article").length === 6);
    assert.deepEqual(page.faults, []);
});

test("stop keeps what was said, and continue goes on", async () => {
    const { page } = await open("bea@example.org", { size: "phone" });
    await say(page, "[[tokens=400 delay=30]]");
    await reply(page).getByText("word5", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("You stopped this reply.").waitFor();
    const kept = await reply(page).locator(".markdown").textContent();
    await page.reload();
    await page.getByText("You stopped this reply.").waitFor();
    assert.ok((await reply(page).locator(".markdown").textContent()).startsWith(kept.trim()));
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("You stopped this reply.").waitFor({ state: "detached" });
    const said = () => reply(page).locator(".markdown").textContent();
    for (let i = 0; i < 100 && (await said()).length <= kept.length; i += 1) await page.waitForTimeout(100);
    await finished(page);
    const whole = await reply(page).locator(".markdown").textContent();
    assert.ok(whole.startsWith(kept.trim()) && whole.length > kept.length, whole);
});

test("a reload in the middle of a reply follows it to its end", async () => {
    const { page } = await open("cy@example.org");
    await say(page, "[[tokens=60 delay=60]]");
    await reply(page).getByText("word4", { exact: false }).waitFor();
    await page.reload();
    await reply(page).getByText("word10", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await reply(page).getByText("word59").waitFor();
    await finished(page);
});

test("a second tab follows the same reply", async () => {
    const { page } = await open("di@example.org");
    await say(page, "[[tokens=50 delay=60]]");
    await page.waitForURL(/\/chat\/./);
    const second = await page.context().newPage();
    await second.goto(page.url());
    await second.getByRole("article", { name: "BrainBytes" }).last().getByText("word49").waitFor();
});

test("answering again and editing make versions one can switch", async () => {
    const { page } = await open("ed@example.org");
    await say(page, "first [[tokens=4]]");
    await finished(page);
    await page.getByRole("button", { name: "Answer again" }).click();
    await page.getByText("2/2").waitFor();
    await page.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("1/2").waitFor();
    await page.getByRole("button", { name: "Edit this message" }).click();
    await page.getByLabel("Edit this message").fill("second [[tokens=6]]");
    await page.getByRole("article", { name: "You" }).getByRole("button", { name: "Send" }).click();
    await reply(page).getByText("word5").waitFor();
    await finished(page);
    const mine = page.getByRole("article", { name: "You" });
    await mine.getByText("2/2").waitFor();
    await mine.getByRole("button", { name: "Previous version" }).click();
    await page.getByText("first [[tokens=4]]").first().waitFor();
});

test("a failing model gives a sentence and a retry, and nothing is lost", async () => {
    const { page } = await open("flo@example.org");
    await say(page, "please [[fail=400]]");
    await page.getByRole("alert").first().waitFor();
    await page.getByRole("button", { name: "Try again" }).first().waitFor();
    await page.reload();
    await page.getByText("please [[fail=400]]").first().waitFor();
    await page.getByRole("button", { name: "Try again" }).first().waitFor();
    assert.deepEqual(page.faults, []);
});

test("a server that is away keeps the words, and retry sends them once", async () => {
    const { page, person } = await open("gus@example.org");
    await page.route("**/api/chat", (route) => route.abort());
    await say(page, "hello out there");
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/chat");
    await page.getByRole("button", { name: "Try again" }).click();
    await finished(page);
    const id = page.url().split("/").pop();
    const { json } = await person.request(`/api/threads/${id}/messages`);
    assert.equal(json.messages.filter((m) => m.role === "user").length, 1);
});

test("a draft survives a reload; being offline is said", async () => {
    const { page } = await open("hal@example.org");
    await page.getByLabel("Your message").fill("half a thought");
    await page.reload();
    await page.waitForFunction(() => document.querySelector("form textarea")?.value === "half a thought");
    await page.context().setOffline(true);
    await page.getByText("You are offline").waitFor();
    await page.context().setOffline(false);
    await page.getByText("You are offline").waitFor({ state: "detached" });
});

test("conversations are found, renamed, deleted and brought back", async () => {
    const { page, person } = await open("ivy@example.org");
    const thread = await create(person, "/api/threads", { title: "Volcanoes" });
    await create(person, "/api/threads", { title: "Fractions" });
    await page.reload();
    const list = page.getByRole("region", { name: "Conversations" });
    await list.getByText("Volcanoes").waitFor();
    await page.getByLabel("Search conversations").fill("volc");
    await list.getByText("Fractions").waitFor({ state: "detached" });
    await page.waitForTimeout(500); // what was found stays found
    assert.deepEqual(await list.getByRole("link").allInnerTexts(), ["Volcanoes"]);
    await list.getByRole("link", { name: "Volcanoes" }).hover();
    await page.getByRole("button", { name: "Actions for Volcanoes" }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByLabel("New name").fill("Volcanoes and rocks");
    await page.getByLabel("New name").press("Enter");
    await list.getByText("Volcanoes and rocks").waitFor();
    await page.goto(`/chat/${thread.id}`);
    await list.getByRole("link", { name: "Volcanoes and rocks" }).hover();
    await page.getByRole("button", { name: "Actions for Volcanoes and rocks" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.waitForURL(/\/chat$/);
    await page.getByRole("button", { name: "Undo" }).click();
    await list.getByText("Volcanoes and rocks").waitFor();
});

test("a source opens its passage, highlighted, and closes with Escape", async () => {
    const person = await server.as("jo@example.org");
    const material = await create(person, "/api/materials", { title: "Cells", subject: "Biology" });
    await create(person, `/api/materials/${material.id}/entries`, {
        title: "Mitochondria",
        content: "# Mitochondria\n\nMitochondria release the energy of food 🙂 and keep it in ATP.\n",
    });
    for (const size of ["desktop", "phone"]) {
        const { page } = await open("jo@example.org", { size });
        await say(page, "What do mitochondria release? [[tokens=8 cite=1]]");
        await finished(page);
        await page.locator("button.cite").first().click();
        await page.locator("mark.passage").first().waitFor();
        assert.match((await page.locator("mark.passage").allTextContents()).join(""), /energy of food/);
        await page.keyboard.press("Escape");
        await page.locator("mark.passage").first().waitFor({ state: "detached" });
        await page.getByRole("list", { name: "Sources" }).getByRole("button").first().click();
        await page.getByRole("link", { name: "Open the whole text" }).click();
        await page.waitForURL(/entries\/.*start=/);
        await page.locator("mark.passage").first().waitFor();
        assert.deepEqual(page.faults, []);
    }
});

test("everything needed can be done with the keyboard", async () => {
    const { page } = await open("kim@example.org");
    await page.keyboard.press("Shift+Tab");
    await page.goto("/chat");
    await page.getByLabel("Your message").waitFor();
    await page.keyboard.type("typed [[tokens=3]]");
    await page.keyboard.press("Enter");
    await finished(page);
    await page.locator("a.skip").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    const phone = await open("kim@example.org", { size: "phone" });
    await phone.page.getByRole("button", { name: "Open the menu" }).press("Enter");
    await phone.page.getByRole("dialog").waitFor();
    await phone.page.keyboard.press("Escape");
    await phone.page.getByRole("dialog").waitFor({ state: "detached" });
    assert.match(await phone.page.evaluate(() => document.activeElement.getAttribute("aria-label")), /menu/);
});

test("a very long chat is shown from its first message to its last", async () => {
    const { page, person } = await open("longchat@example.org");
    const thread = newId();
    const api = { ...person, url: server.url };
    await ask(api, thread, "Where it began [[tokens=1]]");
    for (let i = 0; i < 8; i += 1) await ask(api, thread, `${"Long question. ".repeat(2000)}[[tokens=1]]`);
    await ask(api, thread, "Where it ended [[tokens=1]]");
    const pages = [];
    page.on("request", (request) => {
        if (request.url().includes("/messages")) pages.push(request.url());
    });
    await page.goto(`/chat/${thread}`);
    await page.getByText("Where it ended").last().waitFor();
    assert.equal(await page.getByRole("article", { name: "You" }).count(), 10);
    assert.ok(pages.length > 1, "it comes in several pages");
    assert.deepEqual(page.faults, []);
});
