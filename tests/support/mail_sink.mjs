// A real mail server (aiosmtpd) that greylists and refuses, wants a sign-in, speaks TLS.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { freePort } from "./server.mjs";

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), "mail_sink.py");

/** Starts it with options of mail_sink.py: {port, url, events, letters(to), close()}. */
export async function startMailSink(options = [], port) {
    const chosen = port ?? (await freePort());
    const child = spawn("/usr/bin/python3", [script, String(chosen), ...options], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const events = [];
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => events.push(JSON.parse(line)));
    await Promise.race([
        once(lines, "line"),
        once(child, "exit").then(() => Promise.reject(new Error("the mail server does not start"))),
    ]);
    return {
        port: chosen,
        url: `smtp://127.0.0.1:${chosen}`,
        events,
        letters: (to) => events.filter((event) => event.event === "letter" && event.to === to),
        close: async () => {
            if (child.exitCode !== null) return;
            child.kill("SIGKILL");
            await once(child, "exit");
        },
    };
}
