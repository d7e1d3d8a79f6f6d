// A mail server that takes every letter, or does what a test tells it.
import { createServer } from "node:net";

/**
 * Starts it on a free port: {url, letters: [{from, to, data}], close()}.
 * `answer(command)` may return another reply than "250 ok", or a promise of one.
 */
export async function startMailServer({ answer = () => undefined } = {}) {
    const letters = [];
    const sockets = new Set();
    const server = createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("error", () => socket.destroy());
        talk(socket, letters, answer).catch(() => socket.destroy());
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
        url: `smtp://127.0.0.1:${server.address().port}`,
        letters,
        close: () => {
            for (const socket of sockets) socket.destroy();
            return new Promise((resolve) => server.close(resolve));
        },
    };
}

async function talk(socket, letters, answer) {
    let letter = {};
    let data; // lines of the letter, while it comes
    const say = (line) => socket.write(`${line}\r\n`);
    say("220 test");
    for await (const line of lines(socket)) {
        if (data) {
            if (line !== ".") {
                data.push(line.replace(/^\.\./, "."));
                continue;
            }
            letters.push({ ...letter, data: data.join("\n") });
            [letter, data] = [{}, undefined];
            say("250 taken");
            continue;
        }
        const command = line.split(/[ :]/)[0].toUpperCase();
        const told = await answer(command);
        if (command === "MAIL") letter.from = /<(.*)>/.exec(line)[1];
        if (command === "RCPT") letter.to = /<(.*)>/.exec(line)[1];
        if (told) say(told);
        else if (command === "DATA") {
            data = [];
            say("354 go on");
        } else if (command === "QUIT") return socket.end("221 bye\r\n");
        else say("250 ok");
    }
}

async function* lines(socket) {
    let rest = "";
    for await (const chunk of socket) {
        rest += chunk;
        const parts = rest.split("\r\n");
        rest = parts.pop();
        yield* parts;
    }
}
