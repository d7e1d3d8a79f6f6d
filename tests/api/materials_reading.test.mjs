// Files that have to be read after their upload: every kind, by samples that other programs made, and files that mean
// no good.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { archiveFrom } from "../support/archives.mjs";
import { assertProblem, until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { pdfOf } from "../support/pdf.mjs";
import { root, startServer } from "../support/server.mjs";
import { zip } from "../support/zip.mjs";

const samples = path.join(root, "tests/samples");
const sample = (name) => readFileSync(path.join(samples, name));

let database;
let server;
let ana;
let ben;
let id;
let files;

before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Brought" } });
    id = made.json.id;
    files = `/api/materials/${id}/files`;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function upload(who, target, name, content) {
    const data = new FormData();
    data.append("file", new Blob([content]), name);
    const answer = await who.request(target, { method: "POST", body: data, timeout: 60_000 });
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

/** The file when it is read, or cannot be. */
async function settled(file, who = ana) {
    let seen;
    const look = async () => {
        seen = (await who.request(`/api/materials/${file.materialId}/files/${file.id}`)).json;
        return seen.state !== "reading";
    };
    await until(`${file.name} to be read`, look, 120_000);
    return seen;
}

async function read(name, content = sample(name)) {
    const file = await upload(ana, files, name, content);
    return settled(file);
}

const found = async (words) =>
    (await ana.request(`/api/search?q=${encodeURIComponent(words)}&in=materials`)).json.results;

describe("files are read", () => {
    // What each sample must say, in this order.
    const kinds = {
        "notes.docx": ["# ", "Photosynthesis"],
        "notes-word.docx": ["Photosynthesis"],
        "notes.odt": ["Photosynthesis"],
        "slides.pptx": ["# "],
        "slides.odp": ["# "],
        "marks.xlsx": ["| "],
        "marks.ods": ["| "],
        "marks.csv": ["| "],
        "book.epub": ["# "],
        "page.html": ["# "],
        "notes.pdf": ["Photosynthesis"],
        "pages.pdf": [],
        "talk.srt": ["[00:"],
        "talk.vtt": ["[00:"],
        "latin1.txt": [],
        "utf16.txt": [],
    };
    for (const [name, words] of Object.entries(kinds))
        test(name, async () => {
            const file = await read(name);
            assert.equal(file.state, "ready", JSON.stringify(file));
            assert.equal(file.fault, null);
            let at = -1;
            for (const word of words) {
                const next = file.text.indexOf(word, at + 1);
                assert.ok(next > at, `${word} in ${file.text}`);
                at = next;
            }
            assert.equal(file.characters, [...file.text].length);
            const original = await fetch(new URL(`${files}/${file.id}/content`, server.url), {
                headers: { cookie: ana.cookie },
            });
            assert.deepEqual(Buffer.from(await original.arrayBuffer()), sample(name));
        });

    test("in the language of programs: source code is fenced", async () => {
        const file = await read("sort.py", "def sort(values):\n    return sorted(values)\n");
        assert.match(file.text, /^```python\ndef sort/);
        assert.equal(file.format, "markdown");
    });

    test("a passage says on which page it stands", async () => {
        const file = await read("notes.pdf");
        const [, second] = file.text.split("\f");
        assert.ok(second, "two pages");
        const words = second.split(/\s+/).filter(Boolean).slice(0, 12).join(" ");
        const there = (await found(words)).filter((one) => one.fileId === file.id);
        assert.equal(there[0].page, 2, words);
        const text = [...file.text].slice(there[0].start, there[0].end).join("");
        assert.equal(text, there[0].text);
    });

    test("a long PDF, of which two parts are read side by side, whatever it says of its length", async () => {
        const texts = Array.from(
            { length: 60 },
            (_, n) => `Here stands page number ${n + 1} of the long one`,
        );
        for (const said of [60, 48, 70]) {
            const file = await read(`long-${said}.pdf`, pdfOf(texts, said));
            assert.equal(file.state, "ready", JSON.stringify(file));
            const pages = file.text.split("\f").map((page) => page.trim());
            assert.deepEqual(
                pages.slice(0, said > 60 ? 60 : said).map((page) => page.match(/number (\d+)/)?.[1]),
                texts.map((_, n) => String(n + 1)).slice(0, said > 60 ? 60 : said),
            );
        }
    });

    test("also pictures of text, and PDFs that are pictures", async () => {
        for (const name of ["board.png", "scan.pdf"]) {
            const file = await read(name);
            assert.equal(file.state, "ready", JSON.stringify(file));
            assert.match(file.text, /chlorophyll/i);
        }
    });
});

describe("files that mean no good, or are broken, end with a reason", () => {
    const word = (xml) =>
        zip([
            ["[Content_Types].xml", types],
            ["_rels/.rels", rels],
            ["word/document.xml", xml],
        ]);
    const types =
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.' +
        'wordprocessingml.document.main+xml"/></Types>';
    const rels =
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' +
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/' +
        'officeDocument" Target="word/document.xml"/></Relationships>';
    const body = (inner) =>
        '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">' +
        `<w:body>${inner}</w:body></w:document>`;
    const paragraph = (text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
    const laughs =
        '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha">' +
        Array.from(
            { length: 20 },
            (_, i) =>
                `<!ENTITY ${String.fromCharCode(98 + i)} "${`&${String.fromCharCode(97 + i)};`.repeat(10)}">`,
        ).join("") +
        "]>" +
        body(paragraph("&u;")).slice(21);
    const reaching = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>';

    const hostile = {
        "bomb.docx": [() => word(body(paragraph(" ".repeat(200 << 20)))), "too-large"],
        "many.docx": [
            () =>
                zip([["word/document.xml", "x"], ...Array.from({ length: 10_001 }, (_, i) => [`f${i}`, ""])]),
            "too-large",
        ],
        "laughs.docx": [() => word(laughs), "damaged"],
        "xxe.docx": [() => word(reaching + body(paragraph("word &x; word")).slice(21)), "damaged"],
        "deep.docx": [() => word(body("<w:p>".repeat(50_000))), "damaged"],
        "cut.docx": [() => sample("notes.docx").subarray(0, 3000), "damaged"],
        "other.docx": [() => sample("notes.pdf"), "mismatch"],
        "picture.txt": [() => Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "mismatch"],
        "old.docx": [
            () => Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(600)]),
            "protected",
        ],
        "cut.pdf": [() => sample("notes.pdf").subarray(0, 700), "damaged"],
        "none.pdf": [() => Buffer.from("this is no PDF"), "damaged"],
        "empty.html": [() => Buffer.from("<script>alert(1)</script>"), "empty"],
        "nested.html": [() => Buffer.from("<div>".repeat(200_000) + "deep"), "too-large"],
    };
    for (const [name, [make, fault]] of Object.entries(hostile))
        test(name, async () => {
            const content = make();
            const file = await read(name, content);
            assert.deepEqual([file.state, file.fault], ["failed", fault], JSON.stringify(file));
            assert.ok(file.reason.endsWith("."), file.reason);
            const original = await fetch(new URL(`${files}/${file.id}/content`, server.url), {
                headers: { cookie: ana.cookie },
            });
            assert.ok(Buffer.from(await original.arrayBuffer()).equals(content));
        });

    test("names that lead elsewhere are names only", async () => {
        const name = `tmp/bb-led-${process.pid}`;
        const parts = [
            ["[Content_Types].xml", types],
            ["_rels/.rels", rels],
            ["word/document.xml", body(paragraph("whole"))],
        ];
        assert.equal((await read("whole.docx", zip(parts))).text, "whole\n");
        for (const way of ["../../../../", "/", "word/../../../../../"]) {
            const file = await read("led.docx", zip([...parts, [way + name, "x"]]));
            assert.deepEqual([file.state, file.fault], ["failed", "damaged"], JSON.stringify(file));
        }
        for (const folder of ["/", root, process.cwd(), path.dirname(root)])
            assert.ok(!existsSync(path.join(folder, name)), folder);
    });

    test("and the server goes on", async () => {
        assert.equal((await ana.request("/readyz")).status, 200);
        assert.equal((await read("after.csv", "a,b\n1,2\n")).state, "ready");
        const metrics = (await ana.request("/api/metrics")).text;
        assert.match(metrics, /brainbytes_files_read_total\{outcome="failed"\} \d\d/);
    });

    test("each within bubblewrap where that works, which the log says once", () => {
        const tried = spawnSync("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "true"]);
        const said = server.log.split("\n").filter((line) => line.includes("bubblewrap around the reading"));
        assert.equal(said.length, 1, said.join("\n"));
        assert.match(said[0], tried.status === 0 ? /"used":true/ : /"used":false,"reason":"[^"]/);
    });
});

describe("the reading", () => {
    test("can be asked for again, of a file that failed", async () => {
        const failed = await read("again.pdf", "no PDF at all");
        const place = `${files}/${failed.id}/read`;
        const begun = await ana.request(place, { method: "POST" });
        assert.equal(begun.status, 200, begun.text);
        assert.equal(begun.json.state, "reading");
        assert.equal((await settled(begun.json)).state, "failed");
        const fine = await read("fine.csv", "a,b\n1,2\n");
        assertProblem(await ana.request(`${files}/${fine.id}/read`, { method: "POST" }), 409, "conflict");
        assert.equal((await ben.request(place, { method: "POST" })).status, 404);
        assert.equal((await server.request(place, { method: "POST" })).status, 401);
        assert.equal((await ana.request(`${files}/not-an-id/read`, { method: "POST" })).status, 404);
    });

    test("follows a file that is renamed, moved, or deleted and restored meanwhile", async () => {
        const one = await upload(ana, files, "first.csv", "fruit,price\nmango,3\n");
        const name = { method: "PATCH", json: { name: "second.csv" } };
        assert.equal((await ana.request(`${files}/${one.id}`, name)).status, 200);
        const other = await ana.request("/api/materials", { method: "POST", json: { title: "Other" } });
        const move = { method: "PATCH", json: { materialId: other.json.id } };
        assert.equal((await ana.request(`${files}/${one.id}`, move)).status, 200);
        const there = `/api/materials/${other.json.id}/files/${one.id}`;
        assert.equal((await ana.request(there, { method: "DELETE" })).status, 204);
        assert.equal((await ana.request(`${there}/restore`, { method: "POST" })).status, 200);
        const file = await settled({ ...one, materialId: other.json.id });
        assert.equal(file.state, "ready");
        assert.ok((await found("mango")).some((hit) => hit.fileId === one.id));
        const ending = { method: "PATCH", json: { name: "second.pdf" } };
        assertProblem(await ana.request(there, ending), 422, "invalid-input", ["#/name"]);
    });

    test("survives a server that is killed, and is done once", async () => {
        const many = [];
        for (let i = 0; i < 6; i += 1)
            many.push(await upload(ana, files, `kill-${i}.docx`, sample("notes.docx")));
        await server.kill();
        await database.query("UPDATE jobs SET next_try_at = now()");
        await server.start();
        for (const one of many) assert.equal((await settled(one)).state, "ready");
        assert.equal((await database.query("SELECT count(*) FROM jobs")).trim(), "0");
        const twice = await database.query(
            "SELECT count(*) FROM (SELECT file_id FROM sources GROUP BY file_id HAVING count(*) > 1) s " +
                "WHERE file_id IS NOT NULL",
        );
        assert.equal(twice.trim(), "0");
    });

    test("is given up, visibly, when it fails again and again for a reason of ours", async () => {
        const file = await upload(ana, files, "lost.csv", "only,here\n1,2\n");
        await settled(file);
        await database.query(
            `UPDATE files SET state = 'reading', digest = sha256('gone') WHERE id = '${file.id}'`,
        );
        await database.query(
            "INSERT INTO jobs (id, kind, owner_id, subject_id, attempts) " +
                `SELECT gen_random_uuid(), 'read_file', owner_id, id, 4 FROM files WHERE id = '${file.id}'`,
        );
        const given = await settled(file);
        assert.deepEqual([given.state, given.fault], ["failed", "server"]);
        assert.equal((await database.query("SELECT state FROM jobs")).trim(), "parked");
    });

    test("follows an archive of one's data to another person, within their room", async () => {
        const cara = await server.as("cara@example.org");
        const made = await cara.request("/api/materials", { method: "POST", json: { title: "Mine" } });
        const place = `/api/materials/${made.json.id}/files`;
        const pdf = await upload(cara, place, "notes.pdf", sample("notes.pdf"));
        assert.equal((await settled(pdf, cara)).state, "ready");
        const archive = await archiveFrom(server, cara);
        const bring = async (who) =>
            who.request("/api/me/import", {
                method: "POST",
                body: archive,
                headers: { "content-type": "application/zip" },
            });
        const dina = await server.as("dina@example.org");
        const brought = await bring(dina);
        assert.equal(brought.status, 200, brought.text);
        const [material] = (await dina.request("/api/materials")).json.materials;
        const [file] = (await dina.request(`/api/materials/${material.id}/files`)).json.files;
        const there = await settled(file, dina);
        assert.equal(there.state, "ready");
        assert.equal(there.text, (await settled(pdf, cara)).text);

        const full = await startServer({ env: { BRAINBYTES_STORAGE_MB: "1" } });
        try {
            const eva = await full.as("eva@example.org");
            const other = await eva.request("/api/materials", { method: "POST", json: { title: "Full" } });
            const files = `/api/materials/${other.json.id}/files`;
            await upload(eva, files, "large.txt", "x".repeat(990_000));
            const refused = await bring(eva);
            assert.equal(refused.status, 413, refused.text);
            assert.equal((await eva.request("/api/materials")).json.materials.length, 1);
        } finally {
            await full.stop();
        }
    });
});
