// A model that does whatever any text in its prompt says: the worst there can be behind the OpenAI wire. It repeats
// the text that gave the order (with its markup), everything it was given with the question, and its instructions in
// the form that was asked for.
import { createServer } from "node:http";

/** How the order wants the instructions written. */
function dressed(order, system) {
    if (/capital|SYSTEM PROMPT/.test(order)) return system.toUpperCase();
    if (/two spaces/.test(order)) return system.replaceAll(" ", "  ");
    if (/code block/.test(order)) return "```\n" + system + "\n```";
    if (/numbered list/.test(order)) return system.replaceAll("\n- ", "\n1. ");
    if (/poem/.test(order)) return system.replaceAll(", ", ",\n");
    if (/JSON/.test(order)) return JSON.stringify({ role: "system", content: system });
    return system;
}

/** Starts it: {url, env, requests, obey, close()}. `obey` holds the orders it looks for. */
export async function startGullible() {
    const model = { requests: [], obey: [] };
    const server = createServer(async (request, response) => {
        let text = "";
        for await (const piece of request) text += piece;
        const body = JSON.parse(text || "{}");
        model.requests.push(body);
        const system = body.messages?.find((message) => message.role === "system")?.content ?? "";
        const asked = body.messages?.at(-1)?.content ?? "";
        const order = model.obey.findLast((one) => asked.includes(one.trim())) ?? "";
        const answer = `PWNED. ${order}\n\n${asked}\n\n${dressed(order, system)}`;
        response.writeHead(200, { "content-type": "text/event-stream" });
        const frame = (choice) =>
            `data: ${JSON.stringify({ id: "g", choices: [{ index: 0, ...choice }] })}\n\n`;
        for (let at = 0; at < answer.length; at += 37)
            response.write(frame({ delta: { content: answer.slice(at, at + 37) } }));
        response.end(`${frame({ delta: {}, finish_reason: "stop" })}data: [DONE]\n\n`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    model.url = `http://127.0.0.1:${server.address().port}/v1`;
    model.env = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "sk-gullible", OPENAI_MODEL: "gullible" };
    model.close = () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
    };
    return model;
}

/** An address that nobody may ask for: {url, asked, close()}. */
export async function startTrap() {
    const trap = { asked: [] };
    const server = createServer((request, response) => {
        trap.asked.push(request.url);
        response.end();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    trap.url = `http://127.0.0.1:${server.address().port}`;
    trap.close = () => new Promise((resolve) => server.close(resolve));
    return trap;
}
