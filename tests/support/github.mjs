// A GitHub that is stricter than the real one: it takes a code once, from the app it was made for, with the right
// secret, address and PKCE verifier, and notes whatever a client does not do by the book.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

export const app = { id: "Iv1.test", secret: "secret-of-the-app" };

/**
 * Starts it: {url, apiUrl, env, person, faults, answers, calls, reset(), close()}. `person` is who is signed in
 * there. `answers[path]` may be (request, response) => anything, in place of the right answer. `apiPath`: where
 * the API stands, "" or "/api/v3" as on an Enterprise server.
 */
export async function startGithub({ callback, apiPath = "" }) {
    const github = new Github(callback, apiPath);
    await github.listen();
    return github;
}

class Github {
    #codes = new Map(); // code -> {challenge, redirect, person}
    #tokens = new Map(); // token -> person

    constructor(callback, apiPath) {
        this.callback = callback;
        this.apiPath = apiPath;
        this.reset();
        this.server = createServer((request, response) => {
            this.#answer(request, response).catch((fault) => {
                this.faults.push(String(fault));
                response.destroy();
            });
        });
    }

    reset() {
        this.person = {
            id: 1001,
            login: "maria",
            name: "Maria Clara",
            emails: [
                { email: "old@example.org", primary: false, verified: true },
                { email: "maria@example.org", primary: true, verified: true },
            ],
        };
        this.denies = false;
        this.answers = {};
        this.faults = [];
        this.calls = [];
    }

    async listen() {
        await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        this.apiUrl = this.url + this.apiPath;
        this.env = {
            GITHUB_CLIENT_ID: app.id,
            GITHUB_CLIENT_SECRET: app.secret,
            GITHUB_URL: this.url,
            GITHUB_API_URL: this.apiUrl,
        };
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((resolve) => this.server.close(resolve));
    }

    async #answer(request, response) {
        const url = new URL(request.url, this.url);
        let body = "";
        for await (const chunk of request) body += chunk;
        this.calls.push({ method: request.method, path: url.pathname, headers: request.headers, body });
        const stand = this.answers[url.pathname];
        if (stand) return void (await stand(request, response));
        const route = {
            "GET /login/oauth/authorize": () => this.#authorize(url, response),
            "POST /login/oauth/access_token": () => this.#exchange(request, body, response),
            [`GET ${this.apiPath}/user`]: () =>
                this.#api(request, response, ({ emails: _, ...rest }) => rest),
            [`GET ${this.apiPath}/user/emails`]: () => this.#api(request, response, ({ emails }) => emails),
        }[`${request.method} ${url.pathname}`];
        if (!route) this.faults.push(`no such place: ${request.method} ${url.pathname}`);
        if (route) route();
        else send(response, 404, { message: "Not Found" });
    }

    #authorize(url, response) {
        const asked = Object.fromEntries(url.searchParams);
        this.#expect(asked.client_id === app.id, "client_id");
        this.#expect(asked.redirect_uri === this.callback, `redirect_uri ${asked.redirect_uri}`);
        this.#expect(asked.scope === "user:email", `scope ${asked.scope}`);
        this.#expect(/^[\w-]{43}$/.test(asked.state), "state");
        this.#expect(asked.code_challenge_method === "S256", "code_challenge_method");
        this.#expect(/^[\w-]{43}$/.test(asked.code_challenge), "code_challenge");
        const back = new URL(this.callback);
        if (this.denies) {
            back.searchParams.set("error", "access_denied");
            back.searchParams.set("error_description", "The user has denied your application access.");
        } else {
            const code = randomBytes(10).toString("hex");
            this.#codes.set(code, {
                challenge: asked.code_challenge,
                redirect: asked.redirect_uri,
                person: this.person,
            });
            back.searchParams.set("code", code);
        }
        back.searchParams.set("state", asked.state);
        response.writeHead(302, { location: back.href }).end();
    }

    #exchange(request, body, response) {
        const form = Object.fromEntries(new URLSearchParams(body));
        this.#expect(request.headers.accept === "application/json", `Accept ${request.headers.accept}`);
        this.#expect(
            request.headers["content-type"] === "application/x-www-form-urlencoded",
            `Content-Type ${request.headers["content-type"]}`,
        );
        const refuse = (error) => send(response, 200, { error, error_description: "..." });
        if (form.client_id !== app.id || form.client_secret !== app.secret)
            return refuse("incorrect_client_credentials");
        const known = this.#codes.get(form.code);
        this.#codes.delete(form.code);
        if (!known) return refuse("bad_verification_code");
        if (form.redirect_uri !== known.redirect) return refuse("redirect_uri_mismatch");
        const challenge = createHash("sha256")
            .update(form.code_verifier ?? "")
            .digest("base64url");
        if (challenge !== known.challenge) return refuse("bad_verification_code");
        const token = `gho_${randomBytes(18).toString("hex")}`;
        this.#tokens.set(token, known.person);
        send(response, 200, { access_token: token, token_type: "bearer", scope: "user:email" });
    }

    #api(request, response, show) {
        this.#expect(request.headers.accept === "application/vnd.github+json", "Accept of the API");
        this.#expect(Boolean(request.headers["user-agent"]), "User-Agent"); // GitHub refuses without one
        const person = this.#tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization)?.[1]);
        if (!person) return send(response, 401, { message: "Bad credentials" });
        send(response, 200, show(person));
    }

    #expect(holds, what) {
        if (!holds) this.faults.push(`not by the book: ${what}`);
    }
}

export function send(response, status, json) {
    response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(json));
}

/** A browser as far as signing in needs one: it keeps cookies and follows to GitHub and back. */
export class Visitor {
    /** A browser that is signed in. */
    static async signedIn(server, email) {
        const [name, value] = (await server.cookieFor(email)).split("=");
        return new Visitor(server, { [name]: value });
    }

    constructor(server, cookies = {}) {
        this.server = server;
        this.cookies = cookies;
    }

    async request(target, options = {}) {
        const cookie = Object.entries(this.cookies)
            .map(([name, value]) => `${name}=${value}`)
            .join("; ");
        const answer = await this.server.request(target, { cookie, ...options });
        for (const line of answer.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            if (/Max-Age=0/.test(line)) delete this.cookies[name];
            else this.cookies[name] = value;
        }
        return answer;
    }

    /** Begins and returns GitHub's answer, the address to come back to. */
    async leave(target = "/api/auth/github") {
        const begun = await this.request(target);
        if (begun.status !== 303) throw new Error(`${target}: ${begun.status} ${begun.text}`);
        return this.ask(begun.headers.get("location"));
    }

    async ask(location) {
        const asked = await fetch(location, { redirect: "manual" });
        const back = new URL(asked.headers.get("location"));
        return back.pathname + back.search;
    }

    /** The whole way: where it ends. */
    async goThrough(target) {
        return this.comeBack(await this.leave(target));
    }

    async comeBack(target) {
        const answer = await this.request(target);
        if (answer.status !== 303) throw new Error(`${target}: ${answer.status} ${answer.text}`);
        return answer.headers.get("location");
    }

    async user() {
        return (await this.request("/api/session")).json.user;
    }
}
