// GitHub as others see it: a published simulator, an Enterprise server, a proxy with TLS, and no GitHub at all.
import { simulation } from "@simulacrum/github-api-simulator";
import assert from "node:assert/strict";
import { test } from "node:test";

import { app, startGithub, Visitor } from "../support/github.mjs";
import { freePort, startServer } from "../support/server.mjs";

test("the published simulator of GitHub signs a person in", async (t) => {
    const [port, theirs] = [await freePort(), await freePort()];
    const login = "jun";
    const simulator = simulation({
        initialState: {
            users: [{ id: 4711, login, name: "Jun Santos", email: "jun@example.org", organizations: [] }],
            organizations: [],
            repositories: [],
            branches: [],
            blobs: [],
        },
    });
    const listening = await simulator.listen(theirs);
    t.after(() => listening.ensureClose());
    const url = `http://localhost:${theirs}`;
    const server = await startServer({
        port,
        env: {
            GITHUB_CLIENT_ID: app.id,
            GITHUB_CLIENT_SECRET: app.secret,
            GITHUB_URL: url,
            GITHUB_API_URL: url,
            BRAINBYTES_URL: `http://127.0.0.1:${port}`,
        },
    });
    t.after(() => server.stop());
    const browser = new Visitor(server);
    assert.equal(await browser.goThrough("/api/auth/github?next=/materials"), "/materials");
    const user = await browser.user();
    assert.equal(user.name, "Jun Santos");
    assert.match(user.email, /@/); // /user/emails of the simulator is GitHub's own example
    const { identities } = (await browser.request("/api/me/identities")).json;
    assert.equal(identities[0].login, login);
    const again = new Visitor(server);
    await again.goThrough();
    assert.equal((await again.user()).id, user.id);
});

test("an Enterprise server has its API below its own address", async (t) => {
    const port = await freePort();
    const callback = `http://127.0.0.1:${port}/api/auth/github/callback`;
    const github = await startGithub({ callback, apiPath: "/api/v3" });
    t.after(() => github.close());
    const server = await startServer({
        port,
        env: {
            ...github.env,
            GITHUB_URL: `${github.url}/`,
            GITHUB_API_URL: undefined,
            BRAINBYTES_URL: `http://127.0.0.1:${port}`,
        },
    });
    t.after(() => server.stop());
    const browser = new Visitor(server);
    assert.equal(await browser.goThrough(), "/chat");
    assert.deepEqual(
        github.calls.map((call) => call.path),
        ["/login/oauth/authorize", "/login/oauth/access_token", "/api/v3/user", "/api/v3/user/emails"],
    );
    assert.deepEqual(github.faults, []);
});

test("behind TLS the cookie is bound to https and the host, and GitHub gets the public address", async (t) => {
    const callback = "https://school.example/api/auth/github/callback";
    const github = await startGithub({ callback });
    t.after(() => github.close());
    const server = await startServer({
        env: {
            ...github.env,
            BRAINBYTES_URL: "https://school.example",
            BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1",
        },
    });
    t.after(() => server.stop());
    const browser = new Visitor(server);
    const begun = await browser.request("/api/auth/github");
    assert.match(
        begun.headers.getSetCookie()[0],
        /^__Host-brainbytes_github=.*HttpOnly; SameSite=Lax; Secure$/,
    );
    const back = await browser.ask(begun.headers.get("location"));
    assert.equal(await browser.comeBack(back), "/chat");
    assert.deepEqual(github.faults, []);
});

test("without an OAuth app nothing is offered, and a typed address says so", async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    assert.deepEqual((await server.request("/api/session")).json.signIn, { github: false });
    for (const target of ["/api/auth/github", "/api/auth/github/callback?code=x&state=y"]) {
        const answer = await server.request(target);
        assert.equal(answer.status, 303);
        assert.equal(answer.headers.get("location"), "/sign-in?problem=github-off");
    }
    const ana = await server.as("ana@example.org");
    const link = await ana.request("/api/me/identities/github", { method: "POST", json: {} });
    assert.equal(link.status, 404);
    assert.deepEqual((await ana.request("/api/me/identities")).json, { identities: [] });
});
