// Requests over one connection that is kept open between them.
import http from "node:http";

/** `request` gives {status, text, reused}: whether the connection was there before. */
export function oneConnection(url, headers = {}) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const request = (method, place, body) =>
        new Promise((resolve, reject) => {
            const options = { method, agent, headers: { ...headers, "content-type": "application/json" } };
            const one = http.request(new URL(place, url), options, async (response) => {
                let text = "";
                for await (const piece of response) text += piece;
                resolve({ status: response.statusCode, text, reused: one.reusedSocket });
            });
            one.once("error", reject).end(body);
        });
    return { request, close: () => agent.destroy() };
}
