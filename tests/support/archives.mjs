// What tests of archives share: a person with some of everything, and what two archives have in common.
import assert from "node:assert/strict";

import { unzip } from "./zip.mjs";

/** Makes a thing and gives its id. */
export async function create(person, target, json) {
    const made = await person.request(target, { method: "POST", json });
    assert.equal(made.status, 201, `${target}: ${made.text}`);
    return made.json.id;
}

/** Uploads a text file. */
export function upload(person, material, name, content) {
    const form = new FormData();
    form.append("file", new Blob([content], { type: "text/plain" }), name);
    return person.request(`/api/materials/${material}/files`, { method: "POST", body: form });
}

/** The archive of a person, made at once, as bytes. */
export async function archiveFrom(server, person) {
    const answer = await fetch(`${server.url}/api/me/export`, { headers: { cookie: person.cookie } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(answer.status, 200, bytes.toString());
    assert.equal(answer.headers.get("content-type"), "application/zip");
    assert.match(
        answer.headers.get("content-disposition"),
        /^attachment; filename="brainbytes-[0-9-]+\.zip"$/,
    );
    return bytes;
}

/** Gives a person some of everything: {cells, chat}, a material and a chat. */
export async function fill(person) {
    await create(person, "/api/subjects", { name: "Lonely" });
    const cells = await create(person, "/api/materials", {
        title: "Cells",
        subject: "Biology",
        description: "Two\nlines",
    });
    await create(person, `/api/materials/${cells}/entries`, {
        title: "Walls",
        content: "# Walls\n\nCell walls are stiff.",
    });
    await create(person, `/api/materials/${cells}/entries`, {
        title: "Núcleo",
        content: "The nucleus rules.",
    });
    assert.equal((await upload(person, cells, "ñandú notes.txt", "Mitochondria make power.")).status, 201);
    const off = await create(person, "/api/materials", { title: "Off" });
    await person.request(`/api/materials/${off}`, { method: "PATCH", json: { active: false } });
    const chat = await create(person, "/api/threads", { title: "About cells", materialIds: [cells] });
    for (const text of ["What makes power?", "And what is stiff?"]) {
        const message = { id: text.slice(0, 3) + "1", role: "user", parts: [{ type: "text", text }] };
        const said = await person.request("/api/chat", {
            method: "POST",
            json: { id: chat, message: { ...message, id: message.id.trim().replace(/ /g, "") } },
        });
        assert.equal(said.status, 200, said.text);
    }
    return { cells, chat };
}

/** What two archives must have in common: everything but the ids of one installation and moments. */
export function comparable(bytes) {
    const files = unzip(bytes);
    const json = (name) => JSON.parse(files[name]);
    const originals = {};
    for (const name of Object.keys(files))
        if (name.endsWith(".json") && /^(materials|chats)/.test(name)) {
            const { id, originalId } = json(name);
            originals[id] = originalId ?? id;
        }
    const text = Object.fromEntries(
        Object.entries(files)
            .filter(([name]) => /^(materials|chats|subjects)/.test(name))
            .map(([name, content]) => [name, content.toString()]),
    );
    let whole = JSON.stringify(text, Object.keys(text).sort());
    for (const [id, original] of Object.entries(originals)) whole = whole.replaceAll(id, original);
    const parsed = JSON.parse(whole);
    return Object.fromEntries(
        Object.entries(parsed)
            .map(([name, content]) => {
                if (!name.endsWith(".json")) return [name, content];
                const value = JSON.parse(content);
                delete value.originalId;
                // Those of the same moment stand in any order; each names its parent.
                value.messages?.sort((one, other) => (one.id < other.id ? -1 : 1));
                if (value.subjects) value.subjects = value.subjects.map((s) => s.name).sort();
                return [name, value];
            })
            .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
}
