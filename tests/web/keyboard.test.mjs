// Without a mouse and without eyes: everything can be reached, the keyboard is never lost, what happens is said.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { create, startBrowser } from "./browser.mjs";
import { composer, finished, focused, focusedOn, openChat, reply, say, stopped } from "./conversation.mjs";

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

/** Presses Tab (or Shift+Tab) until the keyboard is on the element with this name. */
async function tabTo(page, name, key = "Tab") {
    for (let i = 0; i < 60; i += 1) {
        if ((await focused(page)) === name) return;
        await page.keyboard.press(key);
    }
    assert.fail(`${name} cannot be reached with ${key}`);
}

/** Waits until the live region of the page says something that fits. */
const hears = (page, pattern) =>
    page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector('[data-testid="live"]').textContent),
        pattern.source,
    );

test("a conversation from the first question to its name, with the keyboard alone", async () => {
    const { page } = await open("kim@example.org");
    await focusedOn(page, "Your message");
    await page.keyboard.type("typed [[tokens=3]]");
    await page.keyboard.press("Enter");
    await finished(page);
    await focusedOn(page, "Your message");
    await page.keyboard.type("slow [[tokens=900 delay=40]]");
    await page.keyboard.press("Enter");
    await reply(page).getByText("word3", { exact: false }).waitFor();
    await tabTo(page, "Stop");
    await page.keyboard.press("Enter");
    await stopped(page);
    await focusedOn(page, "Your message");
    await hears(page, /You stopped this reply/);
    await tabTo(page, "Skip to the content", "Shift+Tab");
    await page.keyboard.press("Enter");
    assert.equal(await focused(page), "main");
});

test("the keyboard stays where one is after each action on a message", async () => {
    const { page } = await open("lee@example.org");
    const press = (name) => page.getByRole("button", { name, exact: true }).last().press("Enter");
    await say(page, "question [[tokens=400 delay=30]]");
    await reply(page).getByText("word3", { exact: false }).waitFor();
    await press("Stop");
    await stopped(page);
    await press("Continue");
    await focusedOn(page, "Your message");
    await press("Stop");
    await stopped(page);
    await press("Answer again");
    await focusedOn(page, "Your message");
    await press("Stop");
    await page.getByText("2/2").waitFor();
    await press("Previous version");
    await page.getByText("1/2").waitFor();
    await focusedOn(page, "Next version");
    await press("Next version");
    await page.getByText("2/2").waitFor();
    await focusedOn(page, "Previous version");
    await press("Edit this message");
    await page.getByRole("textbox", { name: "Edit this message" }).press("Escape");
    await focusedOn(page, "Edit this message");
    await press("Edit this message");
    await press("Cancel");
    await focusedOn(page, "Edit this message");
    await press("Edit this message");
    await page.getByRole("textbox", { name: "Edit this message" }).fill("other [[tokens=3]]");
    await page.getByRole("article", { name: "You" }).getByRole("button", { name: "Send" }).press("Enter");
    await focusedOn(page, "Your message");
    await finished(page);
});

test("a renamed conversation keeps the keyboard", async () => {
    const { page, person } = await open("may@example.org");
    await create(person, "/api/threads", { title: "Atoms" });
    await page.reload();
    await page.getByRole("button", { name: "Actions for Atoms" }).press("Enter");
    await page.getByRole("menuitem", { name: "Rename" }).press("Enter");
    await page.getByLabel("New name").press("Escape");
    await focusedOn(page, "Atoms");
    await page.getByRole("button", { name: "Actions for Atoms" }).press("Enter");
    await page.getByRole("menuitem", { name: "Rename" }).press("Enter");
    await page.getByLabel("New name").fill("Molecules");
    await page.getByLabel("New name").press("Enter");
    await focusedOn(page, "Molecules");
});

test("a reply is said as it reads, not as it was written", async () => {
    const person = await server.as("nan@example.org");
    const material = await create(person, "/api/materials", { title: "Cells" });
    await create(person, `/api/materials/${material.id}/entries`, {
        title: "Mitochondria",
        content: "Mitochondria release energy.\n",
    });
    const { page } = await open("nan@example.org");
    await say(page, "mitochondria energy [[tokens=700 cite=1]]");
    await hears(page, /answered: word0 word1 {2}?\(1\) {2}?word3/);
    await hears(page, /word699/);
});

test("the drawer closes on the place one is at, and by its button", async () => {
    const { page } = await open("oli@example.org", { size: "phone" });
    const drawer = page.getByRole("dialog");
    const menu = page.getByRole("button", { name: "Open the menu" });
    await menu.press("Enter");
    await drawer.getByRole("link", { name: "New chat" }).click();
    await drawer.waitFor({ state: "detached" });
    await menu.press("Enter");
    await drawer.getByRole("button", { name: "Close" }).click();
    await drawer.waitFor({ state: "detached" });
    await menu.press("Enter");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await focusedOn(page, "Open the menu");
});

test("Escape closes what is uppermost, and the source last", async () => {
    const person = await server.as("pia@example.org");
    const material = await create(person, "/api/materials", { title: "Cells" });
    for (const title of ["Mitochondria", "Ribosomes"])
        await create(person, `/api/materials/${material.id}/entries`, {
            title,
            content: `${title} are parts of cells.\n`,
        });
    const { page } = await open("pia@example.org");
    await say(page, "parts of cells: mitochondria, ribosomes [[tokens=8 cite=1]]");
    await finished(page);
    await page.locator("button.cite").first().click();
    const panel = page.getByRole("complementary", { name: "Source" });
    await panel.locator("mark.passage").first().waitFor();

    await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .press("Enter");
    await page.getByRole("menuitem", { name: "Rename" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("menuitem", { name: "Rename" }).waitFor({ state: "detached" });
    assert.ok(await panel.isVisible(), "after the menu");
    await page.getByRole("button", { name: "Edit this message" }).press("Enter");
    await page.getByRole("textbox", { name: "Edit this message" }).press("Escape");
    assert.ok(await panel.isVisible(), "after the edit");
    await page.getByRole("button", { name: "All active materials" }).press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    assert.ok(await panel.isVisible(), "after the picker");

    const list = page.getByRole("list", { name: "Sources" }).getByRole("button");
    await list.last().press("Enter");
    await panel.getByRole("heading", { level: 2 }).waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    const at = await page.evaluate(() => document.activeElement.textContent);
    assert.equal(at, await list.last().textContent(), "back on the last source that was opened");
    await composer(page).waitFor();
});
