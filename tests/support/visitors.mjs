// People who ask a server without a pause, over connections that they keep, and note what fails.
import { randomUUID } from "node:crypto";
import http from "node:http";

import { events, say } from "./chat.mjs";

export class Visitors {
    constructor(server, cookie) {
        this.server = server;
        this.cookie = cookie;
        this.faults = [];
        this.requests = 0;
        this.agent = new http.Agent({ keepAlive: true });
    }

    start(count) {
        this.going = true;
        this.loops = Array.from({ length: count }, () => this.#visit());
    }

    async stop() {
        this.going = false;
        await Promise.all(this.loops ?? []);
        this.agent.destroy();
    }

    /** Lets go of the connections that nobody uses. */
    hangUp() {
        for (const sockets of Object.values(this.agent.freeSockets)) for (const one of sockets) one.destroy();
    }

    /** What failed until now was to be expected. */
    forgive() {
        this.faults = [];
    }

    async #visit() {
        for (let turn = 0; this.going; turn += 1) {
            // One that a server may know by heart, and one for which it asks the database.
            const target = turn % 2 ? "/api/session" : "/api/threads?limit=5";
            try {
                const { status, text } = await this.#get(target);
                if (status !== 200 || !JSON.parse(text)[turn % 2 ? "user" : "threads"])
                    this.faults.push(`${status} ${text}`);
            } catch (fault) {
                this.faults.push(String(fault.cause ?? fault));
            }
            this.requests += 1;
        }
    }

    #get(target) {
        return new Promise((resolve, reject) => {
            const request = http.get(
                new URL(target, this.server.url),
                { agent: this.agent, headers: { cookie: this.cookie }, timeout: 10_000 },
                (response) => {
                    let text = "";
                    response.setEncoding("utf8");
                    response.on("data", (chunk) => (text += chunk));
                    response.on("end", () => resolve({ status: response.statusCode, text }));
                    response.on("error", reject);
                },
            );
            request.on("timeout", () => request.destroy(new Error("no answer in ten seconds")));
            request.on("error", reject);
        });
    }

    /** A question whose reply streams: {begun, done}; `done` is its text. */
    stream(text) {
        let begin;
        const begun = new Promise((resolve) => (begin = resolve));
        const read = async () => {
            const response = await fetch(new URL("/api/chat", this.server.url), {
                method: "POST",
                headers: { "content-type": "application/json", cookie: this.cookie },
                body: JSON.stringify({ id: randomUUID(), message: say(text) }),
            });
            let said = "";
            for await (const part of events(response)) {
                if (part.type === "text-delta") said += part.delta;
                if (said) begin();
            }
            begin();
            return said;
        };
        return { begun, done: read() };
    }
}
