// The chat on a server without a language model: quotes, said to be quotes, with their source to look at.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

let server, browser;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

test("an answer is labelled as quotes and opens the passage it quotes", async () => {
    const person = await server.as("ana@example.org");
    const material = await create(person, "/api/materials", { title: "Biology" });
    await create(person, `/api/materials/${material.id}/entries`, {
        title: "Plant cells",
        content: "# Walls\n\nThe cell wall of a plant is made of cellulose. It keeps the plant upright.",
    });
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto("/chat");
    await page.getByText("No language model is set up: answers are quotes").waitFor();
    await page.getByLabel("Your message").fill("What is the cell wall of a plant made of?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const reply = page.getByRole("article", { name: "BrainBytes" }).last();
    await page.getByRole("button", { name: "Answer again" }).last().waitFor();
    const label = "Quoted from your materials. No language model is set up here.";
    await reply.getByText(label).waitFor();
    await reply.locator("blockquote").getByText("made of cellulose").first().waitFor();
    await reply.getByText("One question for you").waitFor();
    await page.reload();
    await reply.getByText(label).waitFor();
    await page.locator("button.cite").first().click();
    await page.locator("mark.passage").first().waitFor();
    assert.match((await page.locator("mark.passage").allTextContents()).join(""), /made of cellulose/);
    await assertGood(page, "a quoted answer");
    assert.deepEqual(page.faults, []);
});
