// Writers that, as a browser behind a load balancer does, go to another node when one fails, and note every write that
// was acknowledged, with its time.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

const kinds = ["materials", "threads", "messages"];

export class Load {
    /** `people`: cookies; `nodes`: {url, request}. */
    constructor(nodes, people) {
        this.nodes = nodes;
        this.people = people;
        this.acknowledged = { materials: [], threads: [], messages: [] };
        this.times = [];
        this.wrong = []; // answers that nobody should get
        this.refused = 0;
        this.silentUntil = new Map();
    }

    get count() {
        return this.times.length;
    }

    start() {
        this.over = false;
        this.writers = this.people.map((cookie, index) =>
            this.#write({ cookie, at: index % this.nodes.length }),
        );
    }

    async stop() {
        this.over = true;
        await Promise.all(this.writers);
    }

    /** The longest time without an acknowledged write since `start` (ms), and how long it was until the last. */
    silence(start) {
        const times = [start, ...this.times.filter((time) => time > start), Date.now()];
        return Math.max(...times.slice(1).map((time, index) => time - times[index])) / 1000;
    }

    async #write(writer) {
        for (let turn = 0; !this.over; turn += 1) {
            const kind = kinds[turn % kinds.length];
            if (kind === "messages" && !writer.thread) continue;
            const id = await this.#send(writer, kind, this.#request(writer, kind));
            if (id && kind === "threads") writer.thread = id;
            await pause(20);
        }
    }

    #pick(writer) {
        const silent = (node) => (this.silentUntil.get(node) ?? 0) > Date.now();
        const other = this.nodes[(writer.at + 1) % this.nodes.length];
        return silent(this.nodes[writer.at]) && !silent(other) ? other : this.nodes[writer.at];
    }

    #request(writer, kind) {
        const key = randomUUID();
        const titled = { json: { title: `Written ${key}` }, headers: { "idempotency-key": key } };
        if (kind !== "messages") return { target: `/api/${kind}`, ...titled };
        const message = { id: key, role: "user", parts: [{ type: "text", text: "What is a cell?" }] };
        return { target: "/api/chat", id: key, json: { id: writer.thread, message } };
    }

    /** Sends the same again until it is acknowledged, at the other node after each failure; its id, if known. */
    async #send(writer, kind, { target, id, ...options }) {
        while (!this.over) {
            const node = this.#pick(writer);
            const answer = await node
                .request(target, { method: "POST", cookie: writer.cookie, ...options })
                .catch(() => ({ status: 0 }));
            if ([200, 201].includes(answer.status)) {
                const known = id ?? answer.json.id;
                this.acknowledged[kind].push(known);
                this.times.push(Date.now());
                return known;
            }
            // 409: the first send may still be carried out somewhere. Another write is begun; this one is nobody's.
            if (answer.status === 409) return undefined;
            if (![0, 503].includes(answer.status))
                this.wrong.push(`${target}: ${answer.status} ${answer.text}`);
            this.refused += 1;
            // As a load balancer does: one that does not answer is left alone for a while.
            if (answer.status === 0) this.silentUntil.set(node, Date.now() + 5000);
            writer.at = (writer.at + 1) % this.nodes.length;
            await pause(100);
        }
        return undefined;
    }
}

/** Which acknowledged writes PostgreSQL on `host` does not have, and which it has twice. */
export async function missing(host, load) {
    const column = { materials: "id", threads: "id", messages: "client_id" };
    const lost = [];
    let found = 0;
    for (const kind of kinds) {
        const rows = (await host.sql(`SELECT ${column[kind]} FROM ${kind}`)).split("\n");
        const present = new Set(rows);
        for (const id of load.acknowledged[kind]) {
            if (present.has(id)) found += 1;
            else lost.push(`${kind} ${id}`);
        }
    }
    const twice = await host.sql(
        "SELECT title FROM materials WHERE title LIKE 'Written %' GROUP BY title HAVING count(*) > 1",
    );
    return { lost, found, twice: twice.split("\n").filter(Boolean) };
}
