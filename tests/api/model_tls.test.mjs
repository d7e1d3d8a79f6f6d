// A language model behind https is asked when its certificate is trusted, and told nothing when it is not.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, test } from "node:test";

import { makeCertificate } from "../support/certificates.mjs";
import { ask, newId, personOf } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { startServer, temporaryFolder } from "../support/server.mjs";

const folder = temporaryFolder("bb-model");
const files = makeCertificate(folder, "model.test", "IP:127.0.0.1");
let model;
before(async () => (model = await startModel({ files })));
after(async () => {
    await model?.close();
    rmSync(folder, { recursive: true, force: true });
});

async function answerWith(env) {
    const server = await startServer({ env: { ...model.env, ...env } });
    try {
        return await ask(await personOf(server, "ana@example.org"), newId(), "What is a cell?");
    } finally {
        await server.stop();
    }
}

test("a model whose certificate nobody vouches for gets no question and no key", async () => {
    const reply = await answerWith({});
    assert.match(reply.part("error")?.errorText ?? "no error part", /cannot be reached/);
    assert.equal(model.requests.length, 0);
});

test("a model whose certificate an authority of SSL_CERT_FILE signed is asked", async () => {
    const reply = await answerWith({ SSL_CERT_FILE: files.certificate });
    assert.equal(reply.part("error"), undefined);
    assert.ok(model.requests.length > 0);
});
