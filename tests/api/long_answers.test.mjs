// Answers that are too long to be packed between two others: a text of a million characters, as it is read and written.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { personOf } from "../support/chat.mjs";
import { startServer } from "../support/server.mjs";

const text = "The cell wall gives shape. ".repeat(37_000);
let server, ana, entries;

before(async () => {
    server = await startServer();
    ana = await personOf(server, "ana@example.org");
    const made = await ana.request("/api/materials", { method: "POST", json: { title: "Long" } });
    entries = `/api/materials/${made.json.id}/entries`;
});
after(() => server?.stop());

const packed = { "accept-encoding": "gzip" };

test("a long text goes out packed, and whole, when it is made and when it is read", async () => {
    const json = { title: "Cells", content: text };
    const made = await ana.request(entries, { method: "POST", json, headers: packed });
    assert.equal(made.status, 201);
    assert.equal(made.headers.get("content-encoding"), "gzip");
    const read = await ana.request(`${entries}/${made.json.id}`, { headers: packed });
    assert.equal(read.headers.get("content-encoding"), "gzip");
    assert.equal(read.headers.get("vary"), "Accept-Encoding");
    assert.equal(read.json.content, text);
    const plain = await ana.request(`${entries}/${made.json.id}`, {
        headers: { "accept-encoding": "identity" },
    });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(plain.json.content, text);
});
