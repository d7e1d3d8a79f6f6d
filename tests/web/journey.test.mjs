// What most people come for, from the door to an answer and its source, on a phone and on a desk, by day and by night.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startModel } from "../support/model.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";
import { eventually, startBrowser, tooWide } from "./browser.mjs";
import { composer, finished, reply, said, say } from "./conversation.mjs";

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

const press = (place, name) => place.getByRole("button", { name, exact: true }).click();

async function signIn(page, email) {
    await page.goto("/");
    await page.getByLabel("E-mail").fill(email);
    await fits(page, "the door");
    await press(page, "Send me a code");
    const { code } = await newestMail(server, email);
    await page.getByLabel("Six-digit code").pressSequentially(code);
    await composer(page).waitFor();
}

async function fits(page, name) {
    const over = await tooWide(page);
    assert.ok(over <= 0, `${name} is ${over} px too wide`);
}

/** The brightness of what an element is painted on, 0 to 255. */
const brightness = (place) =>
    place.evaluate((node) => {
        const [red, green, blue] = getComputedStyle(node)
            .backgroundColor.match(/[\d.]+/g)
            .map(Number);
        return (red + green + blue) / 3;
    });

/** The paper of the page, which is also the colour of the bar that a phone shows above it. */
async function assertScheme(page, scheme) {
    const bright = await brightness(page.locator("body"));
    assert.ok(scheme === "dark" ? bright < 60 : bright > 200, `${scheme}: ${bright}`);
    const [paper, bar] = await page.evaluate(() => {
        const wanted = [...document.querySelectorAll("meta[name=theme-color]")].find(
            (meta) => matchMedia(meta.media).matches,
        );
        const number = Number.parseInt(wanted.content.slice(1), 16);
        const bar = [number >> 16, (number >> 8) & 255, number & 255].join(", ");
        return [getComputedStyle(document.body).backgroundColor, `rgb(${bar})`];
    });
    assert.equal(paper, bar);
}

/** Where the conversations are listed: beside the page on a desk, in a drawer that is opened on a phone. */
async function listOf(page, size) {
    const role = size === "phone" ? "dialog" : "complementary";
    const side = page.getByRole(role, { name: "Menu and conversations" });
    const menu = page.getByRole("button", { name: "Open the menu" });
    assert.equal(await menu.count(), size === "phone" ? 1 : 0);
    if (size === "phone") {
        assert.equal(await page.getByRole("link", { name: "Materials", exact: true }).count(), 0);
        await menu.click();
    }
    await side.getByRole("region", { name: "Conversations" }).waitFor();
    await eventually(async () => {
        const box = await side.boundingBox(); // it slides in
        assert.ok(box.x === 0 && box.width < page.viewportSize().width, JSON.stringify(box));
    });
    return side;
}

async function makeMaterial(page, size) {
    const side = await listOf(page, size);
    await side.getByRole("link", { name: "Materials", exact: true }).click();
    await press(page, "Make the first one");
    await page.getByLabel("Title").fill("Cells");
    await page.getByLabel("Subject").fill("Biology");
    await press(page, "Create");
    await page.getByRole("heading", { name: "Cells" }).waitFor();
    await press(page, "Add text");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill("Mitochondria");
    await dialog.getByLabel("Text").fill("# Mitochondria\n\nMitochondria release the energy of food.\n");
    await fits(page, "the dialog of a text");
    await press(dialog, "Add");
    await page.waitForURL(/\/entries\//);
    await page.getByRole("link", { name: "Back to the material" }).waitFor();
    await fits(page, "the text");
}

/** Asks, and sees a part of the answer before all of it. */
async function askAndWatch(page) {
    await say(page, "What do mitochondria release? [[tokens=30 delay=120 cite=1]]");
    await page.waitForFunction(() => {
        const text = document.querySelector('[aria-label="BrainBytes"] .markdown')?.textContent ?? "";
        const writing = document.querySelector('[aria-label="Stop"]');
        return writing && text.includes("word3") && !text.includes("word29");
    });
    await finished(page);
    assert.match(await said(page), /word0 word1 .*word29/s);
    await fits(page, "the answer");
}

async function openSource(page, size, scheme) {
    await reply(page).locator("button.cite").first().click();
    const source = page.getByRole(size === "phone" ? "dialog" : "complementary", { name: "Source" });
    const mark = source.locator("mark.passage");
    await mark.first().waitFor();
    assert.match((await mark.allTextContents()).join(""), /release the energy of food/);
    const bright = await brightness(mark.first());
    const marked = scheme === "dark" ? bright > 45 && bright < 120 : bright > 180 && bright < 245;
    assert.ok(marked, `the mark is not told from the paper, ${scheme}: ${bright}`);
    await fits(page, "the source");
    await press(source, "Close");
    await source.waitFor({ state: "detached" });
}

async function editAndSwitch(page) {
    const mine = page.getByRole("article", { name: "You" });
    await press(mine, "Edit this message");
    await mine.getByLabel("Edit this message").fill("And in one word? [[tokens=2]]");
    await press(mine, "Send");
    await mine.getByText("2/2").waitFor();
    await finished(page);
    assert.equal((await said(page)).trim(), "word0 word1");
    await press(mine, "Previous version");
    await mine.getByText("What do mitochondria release?").waitFor();
    await mine.getByText("1/2").waitFor();
    assert.match(await said(page), /word29/);
    await press(mine, "Next version");
    await mine.getByText("And in one word?").waitFor();
    assert.equal((await said(page)).trim(), "word0 word1");
    await fits(page, "the versions");
}

async function deleteAndUndo(page, size, threads) {
    const side = await listOf(page, size);
    await side.getByRole("listitem").hover();
    await side.getByRole("button", { name: /^Actions for/ }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.waitForURL(/\/chat$/);
    await page.getByRole("button", { name: "Undo" }).waitFor();
    assert.equal((await threads()).length, 0);
    await fits(page, "the notice");
    await press(page, "Undo");
    await page.getByText("Brought back").waitFor();
    const again = await listOf(page, size);
    await again.getByRole("listitem").getByRole("link").click();
    await page.getByRole("article", { name: "You" }).getByText("And in one word?").waitFor();
    assert.equal((await threads()).length, 1);
}

for (const size of ["phone", "desktop"])
    for (const scheme of ["light", "dark"])
        test(`from the door to an answer, its source, another version and back (${size}, ${scheme})`, async () => {
            const person = await server.as(`eva-${size}-${scheme}@example.org`);
            const page = await browser.visitor(server, { size, scheme });
            await signIn(page, person.email);
            await assertScheme(page, scheme);
            await makeMaterial(page, size);
            await page.getByRole("link", { name: "New chat" }).first().click();
            await askAndWatch(page);
            await openSource(page, size, scheme);
            await editAndSwitch(page);
            await deleteAndUndo(page, size, async () => (await person.request("/api/threads")).json.threads);
            assert.deepEqual(page.faults, []);
            await page.context().close();
        });
