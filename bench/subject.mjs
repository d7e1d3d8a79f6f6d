// The server under test with a mock model beside it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { freePort, startServer } from "../tests/support/server.mjs";
import { sleep } from "./machine.mjs";

/** A mock model in a process of its own. */
async function startModel() {
    const port = await freePort();
    const child = spawn(
        process.execPath,
        [fileURLToPath(new URL("mock_openai.mjs", import.meta.url)), "--port", String(port)],
        {
            stdio: "ignore",
        },
    );
    process.once("exit", () => child.kill("SIGTERM"));
    const url = `http://127.0.0.1:${port}/v1`;
    for (let i = 0; i < 200; i += 1) {
        const answer = await fetch(`${url}/models`).catch(() => undefined);
        if (answer?.ok) break;
        await sleep(20);
    }
    return { url, stop: () => child.kill("SIGTERM") };
}

/** The server under test with its model, a signed-in student, and where its database is. */
export async function startSubject(env = {}) {
    const model = await startModel();
    const server = await startServer({
        env: {
            OPENAI_BASE_URL: model.url,
            OPENAI_API_KEY: "bench",
            BRAINBYTES_LOG_FORMAT: "json",
            BRAINBYTES_QUOTAS: "person-tokens=1000000000,school-tokens=1000000000",
            ...env,
        },
    });
    const student = await server.as("bench@example.org");
    const me = (await student.request("/api/session")).json.user;
    const lock = path.join(server.dataFolder, "postgres/postmaster.pid");
    const lines = readFileSync(lock, "utf8").split("\n");
    const database = {
        postmaster: Number(lines[0]),
        sockets: lines[4],
        role: "brainbytes",
        name: "brainbytes",
    };
    return {
        server,
        student,
        me,
        database,
        model,
        stop: async () => {
            await server.stop();
            model.stop();
        },
    };
}
