// Runs a command with BRAINBYTES_URL and BRAINBYTES_COOKIE of a server started for it, and ends with its exit code.
//   node bench/load_subject.mjs COMMAND [ARGUMENT...]
import { spawn } from "node:child_process";

import { startModel } from "../tests/support/model.mjs";
import { startServer } from "../tests/support/server.mjs";

const [command, ...args] = process.argv.slice(2);
const model = await startModel();
const server = await startServer({ env: model.env });
try {
    const env = { ...process.env, BRAINBYTES_URL: server.url };
    env.BRAINBYTES_COOKIE = await server.cookieFor("load@example.org");
    const child = spawn(command, args, { env, stdio: "inherit" });
    process.exitCode = await new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? 1));
    });
} finally {
    await server.stop();
    await model.close();
}
