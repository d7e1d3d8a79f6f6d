// Writing a text: it saves itself, never loses or overwrites anything, gets help; and no text can run.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

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

async function withEntry(email, content, title = "Notes") {
    const person = await server.as(email);
    const material = await create(person, "/api/materials", { title: "Chapter" });
    const entry = await create(person, `/api/materials/${material.id}/entries`, { title, content });
    return { person, material, entry, place: `/materials/${material.id}/entries/${entry.id}` };
}

const writing = (page) => page.getByLabel("Text", { exact: true });
const wordsAre = (page, words) =>
    page.waitForFunction((wanted) => document.querySelector("textarea")?.value === wanted, words);

test("a text saves itself; what was not saved survives a reload", async () => {
    const { person, material, entry, place } = await withEntry("bo@example.org", "old words");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    const field = page.getByLabel("Text", { exact: true });
    await field.fill("new words");
    await page.getByText("Saved", { exact: true }).waitFor();
    const target = `/api/materials/${material.id}/entries/${entry.id}`;
    assert.equal((await person.request(target)).json.content, "new words");
    await page.route(`**${target}`, (route) =>
        route.request().method() === "PATCH" ? route.abort() : route.continue(),
    );
    await field.fill("kept words");
    await page.getByText("The server cannot be reached").waitFor();
    await page.unroute(`**${target}`);
    await page.reload();
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "kept words");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await person.request(target)).json.content, "kept words");
});

test("what was written elsewhere is not overwritten unasked", async () => {
    const { person, material, entry, place } = await withEntry("gil@example.org", "first words");
    const target = `/api/materials/${material.id}/entries/${entry.id}`;
    const elsewhere = (json) => person.request(target, { method: "PATCH", json });
    const stored = async () => (await person.request(target)).json.content;
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    await wordsAre(page, "first words");
    await elsewhere({ content: "words of the phone" });
    await writing(page).fill("words of the desk");
    await page.getByText("This text was changed somewhere else.").waitFor();
    await assertGood(page, "a conflict");
    assert.equal(await stored(), "words of the phone");
    await page.getByText("See the other version").click();
    await page.getByText("words of the phone").waitFor();
    await page.reload(); // the question survives
    await wordsAre(page, "words of the desk");
    await page.getByRole("button", { name: "Use the other version" }).click();
    await wordsAre(page, "words of the phone");
    await elsewhere({ content: "again the phone" });
    await writing(page).fill("again the desk");
    await page.getByRole("button", { name: "Keep what is here" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal(await stored(), "again the desk");
});

test("an old copy on this device asks before it replaces a newer text", async () => {
    const { person, material, entry, place } = await withEntry("hana@example.org", "first words");
    const target = `/api/materials/${material.id}/entries/${entry.id}`;
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    await page.route(`**${target}`, (route) =>
        route.request().method() === "PATCH" ? route.abort() : route.continue(),
    );
    await writing(page).fill("old copy");
    await page.getByText("The server cannot be reached").waitFor();
    await person.request(target, { method: "PATCH", json: { content: "newer words" } });
    await page.unroute(`**${target}`);
    await page.reload();
    await page.getByText("This text was changed somewhere else.").waitFor();
    await wordsAre(page, "old copy");
    assert.equal((await person.request(target)).json.content, "newer words");
});

test("a text is saved by one request at a time, and a new place of it is no conflict", async () => {
    const { person, material, entry, place } = await withEntry("ivo@example.org", "first words");
    const target = `/api/materials/${material.id}/entries/${entry.id}`;
    await create(person, `/api/materials/${material.id}/entries`, { title: "Other", content: "x" });
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    await wordsAre(page, "first words");
    await person.request(target, { method: "PATCH", json: { position: 2 } });
    let running = 0;
    let most = 0;
    let release;
    const gate = new Promise((resolve) => (release = resolve));
    await page.route(`**${target}`, async (route) => {
        if (route.request().method() !== "PATCH") return route.continue();
        most = Math.max(most, (running += 1));
        await gate;
        const response = await route.fetch();
        running -= 1;
        return route.fulfill({ response });
    });
    await writing(page).fill("second words");
    await page.getByText("Saving…").waitFor();
    await writing(page).fill("third words");
    await writing(page).blur();
    await page.getByRole("textbox", { name: "Title" }).focus();
    release();
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal(most, 1);
    assert.equal((await person.request(target)).json.content, "third words");
});

test("a text can be emptied; without a title it says what it needs", async () => {
    const { person, material, entry, place } = await withEntry("jo@example.org", "some words");
    const target = `/api/materials/${material.id}/entries/${entry.id}`;
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    await writing(page).fill("");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await person.request(target)).json.content, "");
    await page.getByLabel("Title", { exact: true }).fill(" ");
    await page.getByText("Give it a title to save it").waitFor();
});

test("closing the dialog of a new text loses nothing", async () => {
    const { person, material } = await withEntry("kim@example.org", "words");
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(`/materials/${material.id}`);
    const add = page.getByRole("button", { name: "Add text" });
    await add.click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Title").fill("Half a poem");
    await dialog.getByLabel("Text", { exact: true }).fill("Roses are");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.reload();
    await add.click();
    assert.equal(await dialog.getByLabel("Title").inputValue(), "Half a poem");
    assert.equal(await dialog.getByLabel("Text", { exact: true }).inputValue(), "Roses are");
    await assertGood(page, "the dialog of a new text");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await page.waitForURL(/\/entries\//);
    await page.goBack();
    await add.click();
    assert.equal(await dialog.getByLabel("Text", { exact: true }).inputValue(), "");
});

/** Selects a range of the text the way a person does. */
async function select(field, from, to) {
    await field.evaluate(
        (node, [start, end]) => {
            node.focus();
            node.setSelectionRange(start, end);
            node.dispatchEvent(new Event("select", { bubbles: true }));
        },
        [from, to],
    );
}

test("the help replaces only what it was asked about", async () => {
    const words = "A long sentence. [[tokens=3]] Another one.";
    const { person, place } = await withEntry("nia@example.org", words);
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    const field = writing(page);
    await select(field, 0, 29);
    await page.getByText("Selection:").waitFor();
    await page.getByRole("button", { name: "Simplify" }).click();
    await page.getByRole("button", { name: "Replace" }).waitFor();
    await field.press("Control+End"); // nothing is selected any more
    await field.pressSequentially(" And more.");
    await page.getByRole("button", { name: "Replace" }).click();
    await page.waitForFunction(() => /^word0 word1 word2/.test(document.querySelector("textarea").value));
    assert.match(await field.inputValue(), /Another one\. And more\.$/);
    await field.press("Control+z");
    await wordsAre(page, `${words} And more.`);
    await select(field, 0, 29);
    await page.getByText("Selection:").waitFor();
    await page.getByRole("button", { name: "Simplify" }).click();
    await page.getByRole("button", { name: "Replace" }).waitFor();
    await field.press("Home");
    await field.press("Control+Home");
    await field.press("Delete");
    await page.getByRole("button", { name: "Replace" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Insert below" }).click();
    await page.waitForFunction(() => document.querySelector("textarea").value.includes("word2"));
    assert.match(await field.inputValue(), /^ long sentence\. .*And more\.\s+word0/);
});

test("the writing help works on the selection", async () => {
    const { person, place } = await withEntry(
        "cal@example.org",
        "A long sentence. [[tokens=3]] Another one.",
    );
    const page = await browser.visitor(server, { cookie: person.cookie });
    await page.goto(place);
    const field = page.getByLabel("Text", { exact: true });
    await field.evaluate((node) => {
        node.focus();
        node.setSelectionRange(0, 29);
        node.dispatchEvent(new Event("select", { bubbles: true }));
    });
    await page.getByText("Selection:").waitFor();
    await page.getByRole("button", { name: "Simplify" }).click();
    await page.getByRole("button", { name: "Replace" }).click();
    await page.waitForFunction(() => /^word0 word1 word2/.test(document.querySelector("textarea").value));
    assert.match(await field.inputValue(), /Another one\.$/);
});

test("no text can run, load or leave; tables, code and maths are drawn", async () => {
    const nasty = [
        '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script>',
        "![dot](https://evil.example/dot.png) [x](javascript:window.hacked=1) [ok](https://example.org)",
        "<svg onload=window.hacked=1></svg> <a href='javascript:window.hacked=1'>y</a>",
        "$\\href{javascript:window.hacked=1}{z}$ and $\\sqrt{2}$ but $5 and $6",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```js\nconst x = 1;\n```",
    ].join("\n\n");
    const { person, place } = await withEntry("fay@example.org", nasty);
    const page = await browser.visitor(server, { cookie: person.cookie });
    const outside = [];
    page.on("request", (request) => {
        if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
            outside.push(request.url());
    });
    await page.goto(place);
    await page.getByRole("button", { name: "Read" }).click();
    await page.locator(".markdown math msqrt").waitFor();
    await page.locator(".hljs-keyword").waitFor();
    await page.locator(".markdown table td").first().waitFor();
    assert.equal(
        await page.locator(".markdown :is(img, script, svg, [style], [onerror], [onload])").count(),
        0,
    );
    const links = await page
        .locator(".markdown a")
        .evaluateAll((nodes) => nodes.map((n) => [n.getAttribute("href"), n.rel]));
    assert.deepEqual(links, [["https://example.org", "noopener noreferrer"]]);
    await page.getByText("but $5 and $6").waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(outside, []);
    assert.deepEqual(page.faults, []);
});
