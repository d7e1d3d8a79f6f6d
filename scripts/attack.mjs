// attack.mjs: sets sqlmap and wapiti (Debian) on a running instance of the program, signed in as a student of a school
// with some material. Prints a line for each target; exits 1 when either finds anything, is cut off by its time limit,
// or was not signed in.
//   node scripts/attack.mjs [sqlmap] [wapiti]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { startServer } from "../tests/support/server.mjs";

// What wapiti reports and is meant to be so.
const explained = [
    [
        /X-XSS-Protection is not set/,
        "browsers have dropped that filter; the Content-Security-Policy does its work",
    ],
    [
        /Strict-Transport-Security is not set/,
        "this scan speaks http; over https it is set (tests/api/tls.test.mjs)",
    ],
    [
        /Secure flag is not set/,
        "this scan speaks http; over https the cookie is __Host- and Secure (tests/api/tls.test.mjs)",
    ],
];

const sqlmapSeconds = 900; // for one target
const wapitiSeconds = 1800;

const wanted = process.argv.slice(2);
const wants = (tool) => wanted.length === 0 || wanted.includes(tool);
const folder = mkdtempSync(path.join(tmpdir(), "bb-attack-"));
let bad = 0;

function run(program, args, limit) {
    return new Promise((resolve) => {
        const child = spawn(program, args, {
            env: { ...process.env, HOME: folder },
            stdio: ["ignore", "pipe", "pipe"],
        });
        let said = "";
        const hear = (bytes) => (said += bytes);
        child.stdout.on("data", hear);
        child.stderr.on("data", hear);
        let cutOff = false;
        const timer = setTimeout(() => {
            cutOff = true;
            child.kill("SIGKILL");
        }, limit * 1000);
        child.once("error", (fault) => {
            clearTimeout(timer);
            resolve({ cutOff, said: fault.message });
        });
        child.once("close", () => {
            clearTimeout(timer);
            resolve({ cutOff, said });
        });
    });
}

function report(tool, what, finding) {
    console.log(`${finding ? "FOUND" : "clean"} ${tool}: ${what}`);
    if (!finding) return;
    console.log(finding);
    bad += 1;
}

/** A finding when `cookie` is nobody's: then only the door was looked at. */
async function assertSignedIn(server, cookie, when) {
    const { json } = await server.request("/api/session", { cookie });
    if (!json?.user) report("session", when, "the scan was not signed in");
}

async function sqlmap(server, name, target, { cookie, json }) {
    const args = [
        "--batch",
        "--disable-coloring",
        "--level=1",
        "--risk=2",
        "--ignore-code=400,401,404,409,422",
        "--threads=1",
        "--timeout=10",
    ];
    args.push(
        "--dbms=PostgreSQL",
        "--technique=BEUST",
        "--flush-session",
        "--output-dir",
        folder,
        "-u",
        server.url + target,
    );
    if (cookie) args.push("--cookie", cookie);
    if (json)
        args.push(
            "--method=POST",
            "--headers=Content-Type: application/json",
            "--data",
            JSON.stringify(json),
        );
    const { said, cutOff } = await run("sqlmap", args, sqlmapSeconds);
    if (cutOff)
        return report("sqlmap", name, `was cut off after ${sqlmapSeconds} seconds:\n${said.slice(-2000)}`);
    // It says so in words, and only so: its exit code is 0 either way.
    const found =
        /identified the following injection point|is vulnerable\. Do you want|appears to be '.*' injectable/.exec(
            said,
        );
    const tested = /testing for SQL injection on/.test(said);
    report(
        "sqlmap",
        name,
        found ? said.slice(-4000) : tested ? undefined : `it tested nothing:\n${said.slice(-2000)}`,
    );
}

async function wapiti(server, cookie) {
    const jar = path.join(folder, "cookies.json");
    const [name, value] = cookie.split("=");
    const entry = { version: 0, expires: null, secure: false, port: null };
    writeFileSync(jar, JSON.stringify({ "127.0.0.1": { "/": { [name]: { ...entry, value } } } }));
    const out = path.join(folder, "wapiti.json");
    const starts = [
        "/sign-in",
        "/chat",
        "/materials",
        "/search?q=x",
        "/settings",
        "/api/threads?limit=5",
        "/api/search?q=x",
    ];
    const args = [
        "-u",
        `${server.url}/`,
        "--scope",
        "folder",
        "-c",
        jar,
        "-f",
        "json",
        "-o",
        out,
        "-S",
        "normal",
    ];
    args.push("--flush-session", "--no-bugreport", "-m", "common");
    for (const start of starts) args.push("-s", server.url + start);
    const { said, cutOff } = await run("wapiti", args, wapitiSeconds);
    if (cutOff)
        return report(
            "wapiti",
            "the whole site",
            `was cut off after ${wapitiSeconds} seconds:\n${said.slice(-2000)}`,
        );
    let result;
    try {
        result = JSON.parse(readFileSync(out, "utf8"));
    } catch {
        return report("wapiti", "the whole site", `it left no report:\n${said.slice(-2000)}`);
    }
    const crawled = Number(/found (\d+) URLs/.exec(said)?.[1] ?? 0);
    for (const kind of ["vulnerabilities", "anomalies"])
        for (const [title, findings] of Object.entries(result[kind] ?? {}))
            for (const finding of findings) {
                const why = explained.find(([words]) => words.test(finding.info))?.[1];
                if (why) console.log(`explained wapiti: ${finding.info}: ${why}`);
                else report("wapiti", title, JSON.stringify(finding, null, 2));
            }
    // Every starting point, the root, and something that they lead to.
    const few = crawled < starts.length + 2 && `it looked at too few addresses:\n${said.slice(-2000)}`;
    report("wapiti", `${starts.length} starting points, ${crawled} addresses`, few);
}

const server = await startServer();
try {
    const student = await server.as("attacker@example.org");
    const material = await student.request("/api/materials", { method: "POST", json: { title: "Biology" } });
    const entries = `/api/materials/${material.json.id}/entries`;
    await student.request(entries, { method: "POST", json: { title: "Cells", content: "A cell is small." } });
    const thread = await student.request("/api/threads", { method: "POST", json: {} });
    const { cookie } = student;
    await assertSignedIn(server, cookie, "before");
    if (wants("sqlmap")) {
        const email = "someone@example.org";
        await sqlmap(server, "sign-in by e-mail", "/api/auth/email", { json: { email } });
        await sqlmap(server, "sign-in by code", "/api/auth/code", { json: { email, code: "123456" } });
        await sqlmap(server, "search", "/api/search?q=cell&in=materials&limit=5", { cookie });
        await sqlmap(server, "list of threads", "/api/threads?q=a&limit=5", { cookie });
        await sqlmap(server, "one thread", `/api/threads/${thread.json.id}*`, { cookie });
        await sqlmap(server, "new material", "/api/materials", {
            cookie,
            json: { title: "x", subject: "y" },
        });
        await sqlmap(server, "new entry", entries, { cookie, json: { title: "x", content: "y" } });
    }
    if (wants("wapiti")) await wapiti(server, cookie);
    await assertSignedIn(server, cookie, "after");
} finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
}
console.log(bad ? `attack: ${bad} findings` : "attack: nothing found");
process.exitCode = bad ? 1 : 0;
