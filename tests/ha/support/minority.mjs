// minority.mjs SECONDS SOCKETS COOKIE: on a machine that is cut off, tries again and again to write, over SQL at the
// PostgreSQL that stands there and over HTTP at the server; prints how many tries were accepted.
import { spawnSync } from "node:child_process";

import { httpRequest } from "../../support/server.mjs";

const [seconds, sockets, cookie] = process.argv.slice(2);
const deadline = Date.now() + Number(seconds) * 1000;
const count = { sqlTried: 0, sqlAccepted: 0, httpTried: 0, httpAccepted: 0 };
// Ended with SIGKILL: a cancelled statement would be told as done though no standby has it.
const patience = { timeout: 1500, killSignal: "SIGKILL" };

while (Date.now() < deadline) {
    count.sqlTried += 1;
    const statement = `INSERT INTO split_brain VALUES (${count.sqlTried})`;
    const as = ["--reuid", "postgres", "--regid", "postgres", "--init-groups", "psql", "-XAtq"];
    const sql = spawnSync("setpriv", [...as, "-h", sockets, "-c", statement, "brainbytes"], patience);
    if (sql.status === 0) count.sqlAccepted += 1;
    count.httpTried += 1;
    const sent = { method: "POST", cookie, json: { title: `Minority ${count.httpTried}` }, timeout: 1500 };
    const answer = await httpRequest("http://127.0.0.1:3000", "/api/materials", sent).catch(() => undefined);
    if (answer?.status === 201) count.httpAccepted += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
}
console.log(JSON.stringify(count));
