// A cited sentence that its source does not bear out is marked, and a chat may answer from materials alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";
import { finished, openChat, reply, say } from "./conversation.mjs";

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

async function open(email, options) {
    const person = await server.as(email);
    const material = await create(person, "/api/materials", { title: "Plants" });
    await create(person, `/api/materials/${material.id}/entries`, {
        title: "Leaves",
        content: "# Leaves\n\nChlorophyll in the leaf absorbs red and blue light and reflects green light.\n",
    });
    return openChat(browser, server, email, options);
}

for (const [size, scheme] of [
    ["phone", "light"],
    ["desktop", "dark"],
])
    test(`a sentence without ground in its source is marked, the others are not (${size}, ${scheme})`, async () => {
        const { page } = await open(`marks-${size}@example.org`, { size, scheme });
        const good = "**Chlorophyll** absorbs red and blue light [1].";
        const bad = "Oak trees live for *900 years* in Norway [1].";
        const list = `- ${good}\n- ${bad}`;
        await say(page, `Which light does chlorophyll absorb? {{😀 So it is.\n\n${list}}}`);
        await finished(page);
        const mark = reply(page).locator("mark.doubt");
        assert.equal(await mark.count(), 1);
        assert.match(await mark.textContent(), /^Oak trees live for 900 years in Norway 1\.$/);
        assert.match(await mark.getByRole("button").getAttribute("aria-label"), /not found there/);
        await reply(page).getByText("One cited sentence could not be found in its source").waitFor();
        assert.doesNotMatch(await reply(page).textContent(), /[\uE000\uE001]/);
        await assertGood(page, `proof-${size}-${scheme}`);
        await page.reload();
        await mark.waitFor();
        assert.deepEqual(page.faults, []);
    });

test("only from my materials is chosen before a chat and shown while it lasts", async () => {
    const { page } = await open("only@example.org", { size: "phone" });
    await page.getByRole("button", { name: "All active materials" }).click();
    await page.getByRole("switch", { name: "Only from my materials" }).click();
    await assertGood(page, "only-materials");
    await page.getByRole("button", { name: "Done" }).click();
    await say(page, "Who won the football cup of 1974?");
    await finished(page);
    await reply(page).getByText("this chat answers from them only").waitFor();
    await page.reload();
    const picker = page.getByRole("button", { name: "Only from my materials" });
    await picker.click();
    const only = page.getByRole("switch", { name: "Only from my materials" });
    assert.equal(await only.getAttribute("aria-checked"), "true");
    await only.click();
    await page.getByRole("button", { name: "Done" }).click();
    await say(page, "Who won the football cup of 1974? {{West Germany, as far as I know.}}");
    await finished(page);
    await reply(page).getByText("West Germany").waitFor();
    assert.deepEqual(page.faults, []);
});
