// Files of school life: brought on a phone, read while one waits, opened by page, cited with their page, and told apart
// from those that cannot be read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { root, startServer } from "../support/server.mjs";
import { assertGood, create, startBrowser } from "./browser.mjs";

const sample = (name) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: readFileSync(path.join(root, "tests/samples", name)),
});

let server, browser;
before(async () => {
    [server, browser] = await Promise.all([
        startServer({ env: { BRAINBYTES_FETCH_ALLOW: "127.0.0.1" } }),
        startBrowser(),
    ]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

async function open(email, options) {
    const person = await server.as(email);
    const { id } = await create(person, "/api/materials", { title: "Plants" });
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto(`/materials/${id}`);
    await page.getByRole("heading", { name: "Plants" }).waitFor();
    return { page, person, id };
}

const bring = (page, ...files) => page.locator("input[type=file][multiple]").setInputFiles(files);

/** The row of a file when it has been read, or cannot be. */
async function settled(page, name) {
    const row = page.getByRole("listitem").filter({ hasText: name });
    await page.getByRole("link", { name: new RegExp(name) }).waitFor();
    for (const state of ["fetching…", "reading…"]) await row.getByText(state).waitFor({ state: "hidden" });
    return row;
}

for (const [size, scheme] of [
    ["phone", "light"],
    ["desktop", "dark"],
])
    test(`files of many kinds are brought, read and opened (${size}, ${scheme})`, async () => {
        const { page } = await open(`many-${size}@example.org`, { size, scheme });
        await bring(page, sample("notes.pdf"), sample("slides.pptx"), sample("marks.xlsx"));
        for (const name of ["notes.pdf", "slides.pptx", "marks.xlsx"]) await settled(page, name);
        await assertGood(page, `reading-list-${size}-${scheme}`);
        await page.getByRole("link", { name: /notes\.pdf/ }).click();
        await page.getByText("Ang dahon ang kusina ng halaman").waitFor();
        await page.getByText("page 2", { exact: true }).waitFor();
        await assertGood(page, `reading-pdf-${size}-${scheme}`);
        await page.goBack();
        await page.getByRole("link", { name: /marks\.xlsx/ }).click();
        await page.getByRole("table").first().waitFor();
        await assertGood(page, `reading-sheet-${size}-${scheme}`);
    });

test("an answer cites the page, and the citation opens there", async () => {
    const { page } = await open("cite@example.org", { size: "phone" });
    await bring(page, sample("notes.pdf"));
    await settled(page, "notes.pdf");
    await page.goto("/");
    await page.getByRole("textbox").fill("Ano ang niluluto sa kusina ng halaman?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const source = page.getByRole("button", { name: /notes\.pdf.*page 2/ }).first();
    await source.waitFor();
    await source.click();
    await page.locator("mark.passage", { hasText: "Ang dahon ang kusina" }).first().waitFor();
    await assertGood(page, "reading-citation");
    await page.goto("/search?q=kusina");
    await page.getByRole("link", { name: /notes\.pdf.*page 2/s }).waitFor();
});

test("a file that cannot be read says why, in both languages, and is read again", async () => {
    const { page, person } = await open("fault@example.org", { size: "phone" });
    const broken = {
        name: "broken.pdf",
        mimeType: "application/pdf",
        buffer: Buffer.from("%PDF-1.4 no more"),
    };
    await bring(page, broken);
    await page.getByText("The PDF is damaged, or is none.").first().waitFor();
    await assertGood(page, "reading-fault");
    await page.getByRole("button", { name: "Actions for broken.pdf" }).click();
    await page.getByRole("menuitem", { name: "Read it again" }).click();
    await page.getByText("The PDF is damaged, or is none.").first().waitFor();
    await page.getByRole("link", { name: /broken\.pdf/ }).click();
    await page.getByText("The PDF is damaged, or is none.").first().waitFor();
    await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    await page.reload();
    await page.getByText("Sira ang file.").first().waitFor();
    await assertGood(page, "reading-fault-fil");
});

test("a web page is named by its address, fetched and read, and shows where it came from (phone)", async () => {
    const title = "Tides of the sea";
    const site = createServer((request, response) => {
        const found = request.url === "/tides";
        response.writeHead(found ? 200 : 404, { "content-type": "text/html" });
        response.end(`<title>${title}</title><h1>${title}</h1><p>The moon pulls at the water.</p>`);
    });
    await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${site.address().port}`;
    const { page, person } = await open("page@example.org", { size: "phone" });
    try {
        await page.getByRole("button", { name: "Web page" }).click();
        const field = page.getByRole("textbox", { name: "Address of the page" });
        await field.fill("10.0.0.1");
        await page.getByRole("button", { name: "Fetch", exact: true }).click();
        await page.getByText("not the address of a page on the public internet").waitFor();
        await assertGood(page, "page-refused");
        await field.fill(`${address}/tides`);
        await page.getByRole("button", { name: "Fetch", exact: true }).click();
        await page.getByRole("link", { name: new RegExp(`${title}\\.html`) }).waitFor();
        await settled(page, title);
        await page.getByRole("link", { name: new RegExp(title) }).click();
        await page.getByText("The moon pulls at the water.").waitFor();
        const source = page.getByRole("link", { name: `${address}/tides` });
        assert.equal(await source.getAttribute("href"), `${address}/tides`);
        await assertGood(page, "page-read");
        await page.goBack();
        // Pasted anywhere on the screen, an address is offered to be fetched.
        await page.getByRole("heading", { name: "Plants" }).waitFor();
        await page.evaluate((text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }, `${address}/none`);
        assert.equal(await field.inputValue(), `${address}/none`);
        await page.getByRole("button", { name: "Fetch", exact: true }).click();
        await page.getByText("The site has no such page.").first().waitFor();
        await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
        await page.reload();
        await page.getByText("Walang ganitong pahina sa site.").first().waitFor();
        await assertGood(page, "page-missing");
    } finally {
        await page.context().close();
        site.closeAllConnections();
        site.close();
    }
});
