// The headers of every page and every route: what Mozilla's HTTP Observatory makes of them, and what it does not look at.
import assert from "node:assert/strict";
import { test } from "node:test";

import { observatory } from "../support/observatory.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

const wanted = 130;
const pages = [
    "/",
    "/sign-in",
    "/sign-in/link",
    "/setup",
    "/chat",
    "/chat/0198c0de-0000-7000-8000-000000000000",
    "/materials",
    "/search",
    "/settings",
    "/settings/data",
    "/admin",
    "/invitation",
    "/unsubscribe",
    "/sign-in/github",
    "/nowhere",
    "/assets/nothing.js",
    "/favicon.svg",
];

/**
 * Every route of the API, signed out and in, with an id that is nobody's: [name, answer, operation]. Deleting the
 * account comes last and ends the session, as signing out does, which is left to the caller.
 */
async function everyRoute(server, cookie, headers) {
    const { paths } = (await server.request("/api/openapi.json")).json;
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
    const named = (method, path) => (one) => one.method === method && one.path === path;
    const [signOut, leave] = [named("post", "/api/auth/sign-out"), named("delete", "/api/me")];
    const others = routes.filter((one) => !signOut(one) && !leave(one));
    const last = routes.filter(leave);
    assert.equal(last.length, 1);
    const answers = [];
    for (const { method, path, operation } of [...others, ...last]) {
        const target = path.replaceAll(/\{[^}]+\}/g, "0198c0de-0000-7000-8000-000000000000");
        for (const who of [undefined, cookie]) {
            const options = { method: method.toUpperCase(), cookie: who, headers };
            if (operation.requestBody) options.json = {};
            const name = `${method} ${path} ${who ? "signed in" : "signed out"}`;
            const answer = await server.request(target, options);
            // 401 would come from before the route, which is then not looked at.
            if (who && operation["x-access"] !== "open") assert.notEqual(answer.status, 401, name);
            answers.push([name, answer, operation]);
        }
    }
    return answers;
}

for (const tls of [false, true]) {
    const scheme = tls ? "https" : "http";
    test(`every page and route scores ${wanted} or more on ${scheme}`, async () => {
        const env = { BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1" };
        if (tls) env.BRAINBYTES_URL = "https://brainbytes.example";
        const server = await startServer({ env });
        try {
            const headers = { "x-forwarded-proto": scheme };
            const email = "ana@example.org";
            const post = (target, json, cookie) =>
                server.request(target, { method: "POST", json, headers, cookie });
            await post("/api/auth/email", { email });
            const { code } = await newestMail(server, email);
            const welcome = await post("/api/auth/code", { email, code });
            assert.equal(welcome.status, 204);
            const [cookie] = welcome.headers.getSetCookie()[0].split(";");

            const answers = [["sign-in", welcome]];
            for (const page of pages) answers.push([page, await server.request(page, { headers })]);
            const script = /\/assets\/[^"]+\.js/.exec(answers[1][1].text)[0];
            answers.push([script, await server.request(script)]);
            answers.push(...(await everyRoute(server, cookie, headers)));
            answers.push(["sign-out", await post("/api/auth/sign-out", {}, cookie)]);
            assert.ok(answers.length > 60);
            for (const [name, answer] of answers) {
                const { score, results } = observatory(answer, { tls });
                assert.ok(score >= wanted, `${name}: ${score}\n${results.join("\n")}`);
            }
        } finally {
            await server.stop();
        }
    });
}

test("what no score asks for is there as well", async () => {
    const server = await startServer();
    try {
        for (const target of ["/", "/api/session", "/api/threads", "/nowhere", "/livez"]) {
            const { headers } = await server.request(target);
            assert.equal(headers.get("cross-origin-opener-policy"), "same-origin");
            assert.equal(headers.get("cross-origin-embedder-policy"), "require-corp");
            assert.match(headers.get("permissions-policy"), /camera=\(\).*microphone=\(\)/);
            assert.equal(headers.get("server"), null);
            assert.equal(headers.get("strict-transport-security"), null);
        }
    } finally {
        await server.stop();
    }
});

test("no answer of a route that needs a session may be kept by anybody", async () => {
    const server = await startServer();
    try {
        const ana = await server.as("ana@example.org");
        const post = (target, json) => ana.request(target, { method: "POST", json });
        const material = (await post("/api/materials", { title: "Cells" })).json;
        const thread = (await post("/api/threads", { title: "Cells" })).json;
        const form = new FormData();
        form.append("file", new Blob(["# Cells\n\nThey divide."]), "cells.md");
        const files = `/api/materials/${material.id}/files`;
        const file = (await ana.request(files, { method: "POST", body: form })).json;
        const answers = [];
        for (const target of [
            `/api/materials/${material.id}`,
            `${files}/${file.id}`,
            `${files}/${file.id}/content`,
            `/api/threads/${thread.id}/messages`,
            `/api/chat/${thread.id}/stream`,
        ])
            answers.push([target, await ana.request(target), {}]);
        // A client that keeps the tag by itself still gets 304.
        const list = await ana.request("/api/materials");
        const headers = { "if-none-match": list.headers.get("etag") };
        const again = await ana.request("/api/materials", { headers });
        assert.equal(again.status, 304);
        assert.equal(again.headers.get("cache-control"), "no-store");
        // Last, since one of them ends the account.
        answers.push(...(await everyRoute(server, ana.cookie, {})));
        for (const [name, answer, operation] of answers)
            if (operation["x-access"] !== "open")
                assert.match(answer.headers.get("cache-control") ?? "", /\bno-store\b/, name);
    } finally {
        await server.stop();
    }
});

test("a body that is not said to be JSON is refused by every route that takes JSON", async () => {
    const server = await startServer();
    try {
        const ana = await server.as("ana@example.org");
        const root = await server.as("root@example.org", "administrator");
        const { paths } = (await server.request("/api/openapi.json")).json;
        let looked = 0;
        for (const [path, methods] of Object.entries(paths)) {
            const target = path.replaceAll(/\{[^}]+\}/g, "0198c0de-0000-7000-8000-000000000000");
            for (const [method, { requestBody, "x-access": access }] of Object.entries(methods)) {
                if (!requestBody) continue;
                const person = access === "administrator" ? root : ana;
                looked += 1;
                for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
                    const headers = { "content-type": type };
                    const options = { method: method.toUpperCase(), headers, body: "{}" };
                    const { status, headers: got } = await person.request(target, options);
                    assert.equal(status, 415, `${method} ${path} ${type}`);
                    assert.match(got.get("content-type"), /problem\+json/);
                }
            }
        }
        assert.ok(looked > 12);
    } finally {
        await server.stop();
    }
});
