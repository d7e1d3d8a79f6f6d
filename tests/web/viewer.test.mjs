// Originals beside their text: a citation opens the page of a PDF with its passage marked, on a phone and on a desk,
// nothing large is fetched before, no policy of the page is hurt, and what cannot be painted is still read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { root, startServer } from "../support/server.mjs";
import { assertGood, create, eventually, startBrowser } from "./browser.mjs";

const bytes = (name) => readFileSync(path.join(root, "tests/samples", name));
const sentence = "Ang dahon ang kusina ng halaman";

let server, browser;
before(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
});
after(async () => {
    await browser?.close();
    await server?.stop();
});

/** A person with these files, read, and a page that notes what hurts its policy and what it fetches. */
async function visit(email, files, options) {
    const person = await server.as(email);
    const { id } = await create(person, "/api/materials", { title: "Plants" });
    const made = [];
    for (const [name, content] of files) {
        const form = new FormData();
        form.append("file", new Blob([content]), name);
        const answer = await person.request(`/api/materials/${id}/files`, { method: "POST", body: form });
        assert.equal(answer.status, 201, answer.text);
        const address = `/api/materials/${id}/files/${answer.json.id}`;
        made.push(
            await eventually(async () => {
                const { json } = await person.request(address);
                assert.notEqual(json.state, "reading");
                return json;
            }, 120_000),
        );
    }
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.addInitScript(() => {
        globalThis.hurt = [];
        addEventListener("securitypolicyviolation", (event) => globalThis.hurt.push(event.violatedDirective));
    });
    page.fetched = [];
    page.on("request", (request) => page.fetched.push(new URL(request.url()).pathname));
    return { page, person, id, files: made };
}

/** Where a passage stands in a file, as the page's address says it. */
function placeOf(id, file, words) {
    const start = [...file.text.slice(0, file.text.indexOf(words))].length;
    return `/materials/${id}/files/${file.id}?start=${start}&end=${start + [...words].length}`;
}

/** How much ink is on the page that is shown: the shares of pixels that are not white, and of those under the marks. */
const inkOf = (page) =>
    page.locator(".sheet canvas").evaluate((canvas) => {
        const context = canvas.getContext("2d");
        const dark = (x, y, width, height) => {
            const { data } = context.getImageData(x, y, Math.max(1, width), Math.max(1, height));
            let found = 0;
            for (let n = 0; n < data.length; n += 4)
                found += data[n] + data[n + 1] + data[n + 2] < 384 ? 1 : 0;
            return found / (data.length / 4);
        };
        const frame = canvas.getBoundingClientRect();
        const scale = canvas.width / frame.width;
        const marks = [...document.querySelectorAll(".sheet polygon")].map((mark) => {
            const at = mark.getBoundingClientRect();
            const place = [at.left - frame.left, at.top - frame.top, at.width, at.height];
            return dark(...place.map((value) => Math.round(value * scale)));
        });
        return { all: dark(0, 0, canvas.width, canvas.height), marks };
    });

/** What was fetched of an original and its reader. */
const largeOf = (page) => page.fetched.filter((name) => /PdfPages|pdf\.worker|\/content$/.test(name));

const shown = (page, number) => page.locator(`.sheet[data-page="${number}"] canvas`).waitFor();

for (const [size, scheme] of [
    ["phone", "light"],
    ["desktop", "dark"],
])
    test(`a PDF opens at the cited page with the passage marked (${size}, ${scheme})`, async () => {
        const email = `pdf-${size}-${scheme}@example.org`;
        const { page, id, files } = await visit(email, [["notes.pdf", bytes("notes.pdf")]], { size, scheme });
        await page.goto(placeOf(id, files[0], sentence));
        await shown(page, 2);
        await page.locator(".sheet polygon").first().waitFor();
        const ink = await inkOf(page);
        assert.ok(ink.all > 0.002, `the page is blank: ${ink.all}`);
        assert.ok(
            ink.marks.every((share) => share > 5 * ink.all),
            `a mark lies where no letters are: ${JSON.stringify(ink)}`,
        );
        await page.locator("mark.passage", { hasText: sentence }).waitFor();
        await assertGood(page, `viewer-${size}-${scheme}`);

        const second = await page.locator(".sheet canvas").elementHandle();
        await page.getByRole("button", { name: "Previous page" }).click();
        await shown(page, 1);
        const left = await second.evaluate((canvas) => [canvas.width, canvas.height]);
        assert.deepEqual(left, [0, 0], "a page that was left keeps its memory");
        assert.equal(await page.locator(".sheet polygon").count(), 0, "a mark on a page without the passage");
        await page.getByRole("button", { name: "To the passage" }).click();
        await shown(page, 2);
        await page.getByRole("button", { name: "Larger" }).click();
        await eventually(async () => {
            const widths = await page.locator(".box").evaluate((box) => [box.scrollWidth, box.clientWidth]);
            assert.ok(widths[0] > widths[1] * 1.4, `not larger: ${widths}`);
        });
        await assertGood(page, `viewer-large-${size}-${scheme}`);
        assert.deepEqual(await page.evaluate(() => globalThis.hurt), [], "hurt policies");
    });

test("the reader of PDFs is fetched when a PDF is looked at and not before; the worker is ours, and ends with the visit", async () => {
    const files = [
        ["notes.pdf", bytes("notes.pdf")],
        ["plain.txt", Buffer.from("Only words.")],
    ];
    const { page, id, files: made } = await visit("lazy@example.org", files, {});
    const large = () => largeOf(page);
    await page.goto("/");
    await page.getByRole("textbox").waitFor();
    await page.goto(`/materials/${id}/files/${made[1].id}`);
    await page.getByText("Only words.").waitFor();
    assert.deepEqual(large(), [], "fetched too early");
    await page.goto(`/materials/${id}/files/${made[0].id}`);
    await shown(page, 1);
    const worker = large().find((name) => name.includes("pdf.worker"));
    assert.match(worker, /^\/assets\/pdf\.worker\.min-[\w-]{8}\.mjs$/);
    const answer = await fetch(new URL(worker, server.url));
    assert.match(answer.headers.get("content-type"), /^text\/javascript/);
    assert.match(answer.headers.get("cache-control"), /immutable/);
    assert.match(answer.headers.get("content-security-policy"), /worker-src 'self'/);
    assert.doesNotMatch(answer.headers.get("content-security-policy"), /unsafe/);

    assert.equal(page.workers().length, 1);
    await page.getByRole("link", { name: "Back to the material" }).click();
    await page.getByRole("heading", { name: "Plants" }).waitFor();
    await eventually(() => assert.equal(page.workers().length, 0, "a worker outlives its file"));
});

test("the pages of a large PDF wait until they are asked for, and its text does not", async () => {
    const notes = [["notes.pdf", bytes("notes.pdf")]];
    const { page, person, id, files } = await visit("large@example.org", notes, { size: "phone" });
    const file = { ...files[0], bytes: 95_000_000 };
    await page.route(`**/api/materials/${id}/files/${file.id}`, (route) => route.fulfill({ json: file }));
    const mark = page.locator("mark.passage", { hasText: sentence });
    const isInSight = () =>
        mark.first().evaluate((node) => {
            const { top, bottom } = node.getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;
        });
    await page.goto(placeOf(id, file, sentence));
    const show = page.getByRole("button", { name: /^Show the pages \(95.MB\)$/ });
    await show.waitFor();
    await eventually(async () => assert.ok(await isInSight(), "the passage is out of sight"));
    await assertGood(page, "viewer-asks");
    assert.deepEqual(largeOf(page), [], "fetched unasked");
    await show.press("Enter");
    await shown(page, 2);
    await page.locator(".sheet polygon").first().waitFor();
    assert.equal(await show.count(), 0);
    assert.ok(await page.evaluate(() => document.activeElement !== document.body), "the keyboard is lost");
    await assertGood(page, "viewer-asked");

    await page.goto("/");
    await page.getByRole("textbox").fill("Ano ang niluluto sa kusina ng halaman?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const source = page.getByRole("button", { name: /notes\.pdf.*page 2/ }).first();
    await source.waitFor();
    page.fetched.length = 0;
    await source.click();
    await show.waitFor();
    await page.locator("mark.passage").first().waitFor();
    assert.deepEqual(largeOf(page), [], "a citation fetched it unasked");
    await show.click();
    await shown(page, 2);

    await person.request("/api/me", { method: "PATCH", json: { language: "fil" } });
    await page.goto(placeOf(id, file, sentence));
    await page.getByRole("button", { name: /^Ipakita ang mga pahina \(95.MB\)$/ }).click();
    await shown(page, 2);
});

test("an answer's source shows the page with its passage, beside the talk and over it", async () => {
    for (const size of ["phone", "desktop"]) {
        const { page } = await visit(`ask-${size}@example.org`, [["notes.pdf", bytes("notes.pdf")]], {
            size,
        });
        await page.goto("/");
        await page.getByRole("textbox").fill("Ano ang niluluto sa kusina ng halaman?");
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await page
            .getByRole("button", { name: /notes\.pdf.*page 2/ })
            .first()
            .click();
        await shown(page, 2);
        await page.locator(".sheet polygon").first().waitFor();
        await assertGood(page, `viewer-source-${size}`);
        await page.getByRole("link", { name: "Open the whole text" }).click();
        await page.getByRole("heading", { name: "notes.pdf" }).waitFor();
        await shown(page, 2);
    }
});

test("a scan is painted though it has no letters, a picture stands by its text, and a lost original leaves the text", async () => {
    const files = [
        ["scan.pdf", bytes("scan.pdf")],
        ["board.png", bytes("board.png")],
        ["notes.pdf", bytes("notes.pdf")],
    ];
    const { page, id, files: made } = await visit("others@example.org", files, { size: "phone" });
    const words = made[0].text.trim().split("\n")[0];
    await page.goto(placeOf(id, made[0], words));
    await shown(page, 1);
    assert.ok((await inkOf(page)).all > 0.002, "the scan is blank");
    await page.getByText("could not be marked on this page").waitFor();
    await assertGood(page, "viewer-scan");

    await page.goto(`/materials/${id}/files/${made[1].id}`);
    const picture = page.getByRole("img", { name: /board\.png/ });
    await eventually(async () =>
        assert.ok((await picture.evaluate((img) => img.naturalWidth)) > 100, "no picture"),
    );
    await page.getByText("Photosynthesis").first().waitFor();
    await assertGood(page, "viewer-picture");

    await page.route("**/content", (route) =>
        route.fulfill({ body: "%PDF-1.4 no more", contentType: "application/pdf" }),
    );
    await page.goto(placeOf(id, made[2], sentence));
    await page.getByText("The original cannot be shown here.").waitFor();
    await page.locator("mark.passage", { hasText: sentence }).waitFor();
    assert.deepEqual(await page.evaluate(() => globalThis.hurt), [], "hurt policies");
});
