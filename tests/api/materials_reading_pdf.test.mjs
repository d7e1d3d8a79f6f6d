// PDFs that are read after their upload: of many pages, with pages that are pictures, and of shapes that mean no good.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { pdfOf, pdfOfTree } from "../support/pdf.mjs";
import { root, startServer } from "../support/server.mjs";

const samples = path.join(root, "tests/samples");
const sample = (name) => readFileSync(path.join(samples, name));

let database;
let server;
let ana;
let files;

before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Brought" } });
    files = `/api/materials/${made.json.id}/files`;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

/** The file when it is read, or cannot be. */
async function read(name, content) {
    const data = new FormData();
    data.append("file", new Blob([content]), name);
    const brought = await ana.request(files, { method: "POST", body: data, timeout: 60_000 });
    assert.equal(brought.status, 201, brought.text);
    let seen;
    const look = async () => {
        seen = (await ana.request(`${files}/${brought.json.id}`)).json;
        return seen.state !== "reading";
    };
    await until(`${name} to be read`, look, 120_000);
    return seen;
}

async function pagesOf(name, content) {
    const file = await read(name, content);
    assert.equal(file.state, "ready", JSON.stringify(file));
    return file.text.split("\f").map((page) => page.trim());
}

test("of more than 5,000 pages the first are read, and it is said", async () => {
    const texts = Array.from({ length: 5001 }, (_, n) => `Here stands page number ${n + 1}`);
    const pages = await pagesOf("longest.pdf", pdfOf(texts));
    assert.equal(pages.length, 5000);
    assert.equal(pages[4998], texts[4998]);
    assert.match(pages[4999], /^Here stands page number 5000\n+\(The pages from 5001 on were not read\.\)$/);
});

test("pages that are pictures are read between pages of text, and stay the pages they are", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-mixed-"));
    try {
        const mixed = path.join(folder, "mixed.pdf");
        const parts = ["notes.pdf", "scan.pdf", "pages.pdf"].map((name) => path.join(samples, name));
        execFileSync("pdfunite", [...parts, mixed]);
        const pages = await pagesOf("mixed.pdf", readFileSync(mixed));
        const alone = await pagesOf("pages.pdf", sample("pages.pdf"));
        assert.match(pages[0], /^Photosynthesis/);
        assert.match(pages[1], /^Ang dahon/);
        assert.match(pages[2], /Chlorophyll catches light/i);
        assert.match(pages[3], /Ang dahon/);
        assert.deepEqual(pages.slice(4), alone);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("pages with a title alone are no pictures: nothing is looked for in them, and nothing was left out", async () => {
    const texts = Array.from({ length: 120 }, (_, n) => `Chapter ${n + 1}`);
    texts[60] = "Here stands a sentence of many letters";
    assert.deepEqual(await pagesOf("titles.pdf", pdfOf(texts)), texts);
});

describe("trees of pages end in time", () => {
    const leaf = "A leaf on a long tree of pages";
    const chain = (length, count, twice = false) =>
        Array.from({ length }, (_, n) => {
            const kid = n + 1 < length ? `${11 + n} 0 R` : "4 0 R";
            return `/Count ${count} /Kids[${kid}${twice ? ` ${kid}` : ""}]`;
        });
    const trees = {
        "deep.pdf": [chain(20_000, 1), [leaf]],
        "cyclic.pdf": [["/Count 3 /Kids[11 0 R 4 0 R]", "/Count 2 /Kids[10 0 R 11 0 R]"], [leaf]],
        "loop.pdf": [["/Count 1 /Kids[11 0 R]", "/Count 1 /Kids[10 0 R]"], "empty"],
        "branching.pdf": [chain(40, 200, true), Array.from({ length: 200 }, () => leaf)],
        "lying.pdf": [["/Count 200 /Kids[4 0 R]"], [leaf]],
        "claiming.pdf": [["/Count 2000000000 /Kids[4 0 R]"], "damaged"],
        "wide.pdf": [[`/Count 200000 /Kids[${"4 0 R ".repeat(200_000)}]`], "damaged"],
    };
    for (const [name, [nodes, expected]] of Object.entries(trees))
        test(name, async () => {
            const began = Date.now();
            const file = await read(name, pdfOfTree(nodes, leaf));
            if (typeof expected === "string") {
                assert.deepEqual([file.state, file.fault], ["failed", expected], JSON.stringify(file));
                assert.ok(file.reason.endsWith("."), file.reason);
            } else {
                assert.equal(file.state, "ready", JSON.stringify(file));
                assert.deepEqual(
                    file.text.split("\f").map((page) => page.trim()),
                    expected,
                );
            }
            assert.ok(Date.now() - began < 60_000, `${Date.now() - began} ms`);
        });
});

test("a PDF with a password is told to be protected", async () => {
    const file = await read("locked.pdf", sample("locked.pdf"));
    assert.deepEqual([file.state, file.fault], ["failed", "protected"], JSON.stringify(file));
    assert.match(file.reason, /password/);
});

describe("what is two kinds of file at once is the one that its name and its first bytes say", () => {
    const pdf = Buffer.from(pdfOf(["This sentence stands in the PDF alone"]));
    const page = Buffer.from("<html><body><p>This sentence stands in the page alone</p></body></html>");
    const docx = sample("notes.docx");
    const both = {
        "pdf-first.pdf": [[pdf, docx], /^This sentence stands in the PDF alone\n$/],
        "pdf-first.docx": [[pdf, docx], "mismatch"],
        "zip-first.docx": [[docx, pdf], /^# Photosynthesis/],
        "zip-first.pdf": [[docx, pdf], "mismatch"],
        "page-first.docx": [[page, docx], "damaged"],
        "page-first.html": [[page, docx], "mismatch"],
        "page-behind.docx": [[docx, page], /^# Photosynthesis/],
        "page-behind.html": [[docx, page], "mismatch"],
    };
    for (const [name, [parts, expected]] of Object.entries(both))
        test(name, async () => {
            const file = await read(name, Buffer.concat(parts));
            if (typeof expected === "string")
                assert.deepEqual([file.state, file.fault], ["failed", expected], JSON.stringify(file));
            else assert.match(file.text ?? "", expected, JSON.stringify(file));
            assert.doesNotMatch(file.text ?? "", /PK|%PDF/);
        });
});
