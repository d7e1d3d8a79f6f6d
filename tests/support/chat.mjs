// Talks to /api/chat as a person with a session: sends, reads streams, keeps what they said.
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

export const newId = () => randomUUID();

/** A user message as clients send it. */
export const say = (text, id = newId()) => ({ id, role: "user", parts: [{ type: "text", text }] });

/** Reads server-sent events: an async iterator of parsed parts; "[DONE]" stays text. */
export async function* events(response) {
    const decoder = new TextDecoder();
    let buffered = "";
    for await (const bytes of response.body) {
        buffered += decoder.decode(bytes, { stream: true });
        for (let end = buffered.indexOf("\n\n"); end >= 0; end = buffered.indexOf("\n\n")) {
            const data = buffered
                .slice(0, end)
                .split("\n")
                .filter((line) => line.startsWith("data: "))
                .map((line) => line.slice(6))
                .join("\n");
            buffered = buffered.slice(end + 2);
            if (data) yield data === "[DONE]" ? data : JSON.parse(data);
        }
    }
}

/** One chat request under way. `text` grows; `done` resolves with the whole account when the stream ends. */
export class Stream {
    constructor(response, controller) {
        this.response = response;
        this.status = response.status;
        this.controller = controller;
        this.parts = [];
        this.text = "";
        this.done = this.#read();
    }

    async #read() {
        if (this.status !== 200) {
            const body = await this.response.text();
            this.problem = body ? JSON.parse(body) : undefined;
            return this;
        }
        try {
            for await (const part of events(this.response)) {
                this.parts.push(part);
                if (part.type === "text-delta") this.text += part.delta;
                if (part === "[DONE]") this.complete = true;
            }
        } catch (fault) {
            this.fault = fault;
        }
        return this;
    }

    part(type) {
        return this.parts.find((part) => part.type === type);
    }

    get messageId() {
        return this.part("start")?.messageId;
    }

    /** Waits until the text has so many characters (or the stream ends). */
    async reached(length, limit = 10_000) {
        const until = Date.now() + limit;
        let over = false;
        this.done.then(() => (over = true));
        while (this.text.length < length && !over && Date.now() < until) await pause(5);
        return this;
    }

    /** Goes away as a closed tab does. */
    leave() {
        this.controller.abort();
    }
}

async function open(person, target, init = {}) {
    const controller = new AbortController();
    const response = await fetch(new URL(target, person.url), {
        ...init,
        headers: { cookie: person.cookie, ...init.headers },
        signal: controller.signal,
    });
    return new Stream(response, controller);
}

/** POST /api/chat; resolves when the header is there. */
export const send = (person, body) =>
    open(person, "/api/chat", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    });

/** Sends one message and waits for the whole reply. */
export async function ask(person, thread, text, more = {}) {
    const stream = await send(person, {
        id: thread,
        message: say(text, more.messageIdOfQuestion),
        ...more.body,
    });
    return stream.done;
}

export const resume = (person, thread) => open(person, `/api/chat/${thread}/stream`);

export const stop = (person, thread, streamId) =>
    person.request(`/api/chat/${thread}/stop`, { method: "POST", json: streamId ? { streamId } : {} });

export async function history(person, thread) {
    const { status, json } = await person.request(`/api/threads/${thread}/messages`);
    if (status !== 200) throw new Error(`history: ${status}`);
    return json.messages;
}

export const textOf = (message) =>
    message.parts
        .filter((part) => part.type === "text")
        .map((part) => part.text)
        .join("");

/** A signed-in person of a server, with its address. */
export async function personOf(server, email) {
    const person = await server.as(email);
    return { ...person, url: server.url };
}
