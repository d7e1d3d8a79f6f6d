// An OpenAI-compatible model inside the test process. What it answers is steered by the newest message of the user:
//   [[tokens=50 delay=20 fail=500 times=1 cut=10 first=300 cite=1]]
// tokens: how many words; delay: ms between them; first: ms before the first; fail: answer with this status (only so
// many times, if said);
// cut: drop the connection after so many words; cite: name [n] in the third word.
// {{...}} in it is what it answers.
// Who asks for words to search with gets model.words instead: settings as above, with `say` for what it answers.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const settings = (text) => {
    const found = /\[\[([^\]]*)\]\]/.exec(text);
    const pairs = (found?.[1] ?? "").split(/\s+/).map((pair) => pair.split("="));
    const say = /\{\{([\s\S]*?)\}\}/.exec(text)?.[1];
    return { ...Object.fromEntries(pairs.map(([key, value]) => [key, Number(value)])), say };
};

const textOf = (message) =>
    typeof message?.content === "string" ? message.content : JSON.stringify(message?.content ?? "");

/** What the model says with these settings. */
export function answer({ tokens = 5, cite, say } = {}) {
    if (say) return `${say} `;
    const words = Array.from({ length: tokens }, (_, i) => `word${i} `);
    if (cite) words[Math.min(2, tokens - 1)] = `[${cite}] `;
    return words.join("");
}

/** The question to answer, and how many words of the answer are there already when it was interrupted. */
function questionOf(messages) {
    const asked = messages.filter((message) => message.role === "user");
    const begun = messages.at(-2);
    const goesOn =
        begun?.role === "assistant" && /^Your last message was interrupted/.test(textOf(asked.at(-1)));
    return goesOn
        ? { asked: asked.at(-2), from: textOf(begun).match(/\S+/g)?.length ?? 0 }
        : { asked: asked.at(-1), from: 0 };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts the model: {url, env, requests, rewritings, words, running, close()}. `requests` are the bodies of chat calls, in
 * order, but those that ask for words to search with are in `rewritings`; `running` holds the newest user message of each call under way. With `files` {certificate, key} it speaks https.
 */
export async function startModel({ files, host = "127.0.0.1", port = 0 } = {}) {
    const model = {
        requests: [],
        rewritings: [],
        words: { say: "-" },
        running: new Set(),
        failures: new Map(),
    };
    const chunk = (delta, finish = null) =>
        `data: ${JSON.stringify({
            id: "c1",
            object: "chat.completion.chunk",
            created: 1,
            model: "test-model",
            choices: [{ index: 0, delta, finish_reason: finish }],
        })}\n\n`;

    async function stream(response, { tokens = 5, delay = 0, first = 0, cut, cite, say, from }) {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.flushHeaders();
        if (first) await pause(first);
        const words = answer({ tokens, cite, say }).match(/\S+\s+/g) ?? [];
        for (const [index, word] of words.entries()) {
            if (index < from) continue;
            if (response.destroyed) return;
            if (index === cut) return response.destroy();
            response.write(chunk({ content: word }));
            if (delay) await pause(delay);
        }
        const usage = { prompt_tokens: 7, completion_tokens: tokens, total_tokens: 7 + tokens };
        response.write(chunk({}, "stop"));
        response.end(`data: ${JSON.stringify({ id: "c1", choices: [], usage })}\n\ndata: [DONE]\n\n`);
    }

    const identity = files && { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
    const server = (files ? https : http).createServer(identity ?? {}, async (request, response) => {
        let text = "";
        for await (const piece of request) text += piece;
        if (!request.url.endsWith("/chat/completions")) {
            response.writeHead(200, { "content-type": "application/json" });
            return response.end(JSON.stringify({ object: "list", data: [{ id: "test-model" }] }));
        }
        const body = JSON.parse(text);
        const rewriting = /^You turn a student's question into words/.test(textOf(body.messages[0]));
        (rewriting ? model.rewritings : model.requests).push(body);
        const { asked, from } = questionOf(body.messages);
        const wanted = { ...(rewriting ? model.words : settings(textOf(asked))), from };
        const failures = model.failures.get(textOf(asked)) ?? 0;
        if (wanted.fail && failures < (wanted.times ?? Infinity)) {
            model.failures.set(textOf(asked), failures + 1);
            response.writeHead(wanted.fail, { "content-type": "application/json" });
            return response.end(JSON.stringify({ error: { message: "no", type: "server_error" } }));
        }
        model.running.add(textOf(asked));
        response.once("close", () => model.running.delete(textOf(asked)));
        if (body.stream) return stream(response, wanted);
        response.writeHead(200, { "content-type": "application/json" });
        response.end(
            JSON.stringify({
                id: "c1",
                object: "chat.completion",
                choices: [
                    {
                        index: 0,
                        message: { role: "assistant", content: answer(wanted) },
                        finish_reason: "stop",
                    },
                ],
            }),
        );
    });
    await new Promise((resolve) => server.listen(port, host, resolve));
    model.url = `${files ? "https" : "http"}://${host}:${server.address().port}/v1`;
    model.env = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "test", OPENAI_MODEL: "test-model" };
    model.close = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return model;
}
