// A conversation in the page: streamed, stopped, edited, resumed, refused, found again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { create, startBrowser } from "./browser.mjs";
import { composer, finished, holds, openChat, reply, said, say, stopped, stored } from "./conversation.mjs";

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

test("a question gets a streamed answer that is there after a reload, with its address", async () => {
    const { page, person } = await open("ana@example.org");
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
    await finished(page);
    const kept = await stored(page, person);
    assert.deepEqual(
        kept
            .filter((m) => m.role === "user")
            .map((m) => m.text)
            .slice(1),
        ["yes", "yes"],
    );
    assert.deepEqual(kept.map((m) => m.role).join(), "user,assistant,user,assistant,user,assistant");
    assert.ok(kept.every((m) => m.text.length > 0));
    assert.deepEqual(page.faults, []);
});

test("stop keeps what was said, and continue goes on", async () => {
    const { page, person } = await open("bea@example.org", { size: "phone" });
    await say(page, "[[tokens=400 delay=30]]");
    await reply(page).getByText("word5", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await stopped(page);
    const kept = await said(page);
    await page.reload();
    await stopped(page);
    assert.ok((await said(page)).startsWith(kept.trim()));
    await page.getByRole("button", { name: "Continue" }).click();
    await reply(page).getByText("You stopped this reply.").waitFor({ state: "detached" });
    await reply(page).getByText("word399").waitFor({ timeout: 60_000 });
    await finished(page);
    const whole = await said(page);
    assert.equal(whole.trim(), answer({ tokens: 400 }).trim(), "nothing missing, nothing twice");
    assert.ok(whole.startsWith(kept.trim()));
    assert.equal((await stored(page, person)).length, 2);
});

test("a stop that comes before the server has begun is kept until it has", async () => {
    const { page } = await open("zoe@example.org");
    const slowly = async (route) => {
        await pause(1_500);
        await route.continue();
    };
    const press = (name) => page.getByRole("button", { name, exact: true }).last().click();
    await page.route("**/api/chat", slowly);
    await say(page, "question [[tokens=400 delay=30]]");
    await press("Stop");
    await stopped(page);
    for (const again of ["Continue", "Answer again"]) {
        await press(again);
        await press("Stop");
        await stopped(page);
        await finished(page);
    }
    // All of the article: where nothing was written there is no text of it.
    const shown = await reply(page).textContent();
    assert.ok(shown.split(" ").length < 200, "it was not written to its end");
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

test("a failing model gives a sentence and a retry that answers, and nothing is lost", async () => {
    const { page, person } = await open("flo@example.org");
    await say(page, "please [[tokens=4 fail=400 times=1]]");
    await page.getByRole("alert").first().waitFor();
    await page.reload();
    await page.getByRole("alert").first().waitFor();
    await page.getByRole("button", { name: "Try again" }).first().click();
    await reply(page).getByText("word3").waitFor();
    await finished(page);
    assert.equal(await page.getByRole("alert").count(), 0);
    assert.deepEqual(page.faults, []);
    const kept = await stored(page, person);
    assert.deepEqual(kept.map((m) => m.role).join(), "user,assistant");
});

test("a server that is away keeps the words, also over a reload, and retry sends them once", async () => {
    const { page, person } = await open("gus@example.org");
    await page.route("**/api/chat", (route) => route.abort());
    await say(page, "hello out there");
    await page.getByText("The server cannot be reached").waitFor();
    await page.reload();
    await holds(page, "hello out there");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute("**/api/chat");
    await page.getByRole("button", { name: "Try again" }).click();
    await finished(page);
    const mine = (await stored(page, person)).filter((m) => m.role === "user").map((m) => m.text);
    assert.deepEqual(mine, ["hello out there"]);
});

test("a draft survives a reload, in a new chat and in one that is open; being offline is said", async () => {
    const { page, person } = await open("hal@example.org");
    const thread = await create(person, "/api/threads", { title: "Fractions" });
    for (const place of ["/chat", `/chat/${thread.id}`]) {
        await page.goto(place);
        await composer(page).fill(`half a thought in ${place}`);
        await page.reload();
        await holds(page, `half a thought in ${place}`);
    }
    await page.context().setOffline(true);
    await page.getByText("You are offline").waitFor();
    await page.context().setOffline(false);
    await page.getByText("You are offline").waitFor({ state: "detached" });
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
        await page.waitForFunction(() => document.activeElement.matches("button.cite"));
        await page.getByRole("list", { name: "Sources" }).getByRole("button").first().click();
        await page.getByRole("link", { name: "Open the whole text" }).click();
        await page.waitForURL(/entries\/.*start=/);
        await page.locator("mark.passage").first().waitFor();
        assert.deepEqual(page.faults, []);
    }
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

test("a message shows when it was said: the clock today, the day too later, all of it under the pointer", async () => {
    const { page, person } = await open("tia@example.org");
    await say(page, "question [[tokens=3]]");
    await finished(page);
    await page.reload();
    const times = page.getByRole("article").locator("time");
    await times.nth(1).waitFor();
    const place = `/api/threads/${page.url().split("/").pop()}/messages`;
    const said = (await person.request(place)).json.messages.map((message) => message.metadata.createdAt);
    const shown = async () => (await times.allTextContents()).map((text) => text.trim());
    const written = (options) =>
        said.map((time) => new Date(time).toLocaleString("en-US", options).replaceAll("\u202f", " "));
    const clocks = written({ hour: "numeric", minute: "2-digit" });
    const days = written({ day: "numeric", month: "short" });

    const attributes = await times.evaluateAll((all) => all.map((time) => time.getAttribute("datetime")));
    assert.deepEqual(attributes, said);
    await page.clock.setFixedTime(said[1]);
    await page.reload();
    await times.nth(1).waitFor();
    assert.deepEqual(await shown(), clocks);
    await page.clock.setFixedTime(Date.parse(said[1]) + 48 * 3_600_000);
    await page.reload();
    await times.nth(1).waitFor();
    for (const [index, text] of (await shown()).entries()) {
        assert.ok(text.startsWith(days[index]), text);
        assert.ok(text.endsWith(`, ${clocks[index]}`), text);
        await times.nth(index).hover();
        const [whole] = written({ dateStyle: "long" }).slice(index);
        assert.ok((await times.nth(index).getAttribute("title")).startsWith(whole), whole);
    }
    assert.deepEqual(page.faults, []);
});

test("the copy button of a message puts its Markdown on the clipboard and says so, without https too", async () => {
    const { page } = await open("ugo@example.org");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const question = "What is *osmosis*? {{**Water** moves:\n\n- in\n- `out` & < 🙂}}";
    await say(page, question);
    await finished(page);
    const press = (article) => article.getByRole("button", { name: "Copy", exact: true }).click();
    const copied = async (article) => {
        await press(article);
        await article.getByTitle("Copied").waitFor();
        return page.evaluate(() => navigator.clipboard.readText());
    };
    const mine = page.getByRole("article", { name: "You" });
    assert.equal(await copied(mine), question);
    const heard = page.getByTestId("live");
    await heard.filter({ hasText: /^Copied$/ }).waitFor();
    const answered = "**Water** moves:\n\n- in\n- `out` & < 🙂";
    assert.equal((await copied(reply(page))).trim(), answered);

    await page.evaluate(() => (navigator.clipboard.writeText = undefined));
    await mine.getByTitle("Copied").waitFor({ state: "detached" });
    assert.equal(await copied(mine), question);
    await page.evaluate(() => (document.execCommand = () => false));
    await press(mine);
    await heard.filter({ hasText: /^Could not copy$/ }).waitFor();
    assert.deepEqual(page.faults, []);
});
