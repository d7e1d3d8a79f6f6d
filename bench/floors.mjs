// What we are measured beside: nginx serving a file, pgbench running our own statements.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { childrenOf, cpuOf, cpuOfPostgres, runAs, sleep } from "./machine.mjs";
import { freePort } from "../tests/support/server.mjs";

/**
 * nginx with one worker and an open file cache, serving `content` at /health, and keeping what is PUT below /put/:
 * {url, uploads, cpu(), stop()}.
 */
export async function startNginx(content) {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-nginx-"));
    chmodSync(folder, 0o755);
    mkdirSync(path.join(folder, "www/put"), { recursive: true });
    chmodSync(path.join(folder, "www/put"), 0o777);
    writeFileSync(path.join(folder, "www/health"), content);
    const port = await freePort();
    writeFileSync(
        path.join(folder, "nginx.conf"),
        `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/json;
  open_file_cache max=10; open_file_cache_valid 60s;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server {
    listen 127.0.0.1:${port}; root ${folder}/www;
    location /put/ { dav_methods PUT; client_max_body_size 1g; }
  }
}`,
    );
    const child = spawn(
        "nginx",
        ["-c", path.join(folder, "nginx.conf"), "-p", folder, "-e", `${folder}/error.log`],
        {
            stdio: "ignore",
            env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
        },
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const url = `http://127.0.0.1:${port}/health`;
    for (let i = 0; i < 200; i += 1) {
        const answer = await fetch(url).catch(() => undefined);
        if (answer?.ok) break;
        await sleep(20);
    }
    return {
        url,
        uploads: `http://127.0.0.1:${port}/put`,
        cpu: () => childrenOf(child.pid).reduce((sum, pid) => sum + cpuOf(pid), 0),
        async stop() {
            child.kill("SIGTERM");
            await ended;
            rmSync(folder, { recursive: true, force: true });
        },
    };
}

/** The text of a `constexpr const char* NAME = "..." "...";` in one of our sources, macros of strings included. */
export function statement(file, name) {
    const source = readFileSync(file, "utf8");
    const literals = (text) => [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]).join("");
    const macros = new Map();
    for (const [, macro, body] of source.matchAll(/#define (\w+)((?:.*\\\n)*.*)/g))
        macros.set(macro, literals(body));
    const found = new RegExp(`constexpr const char\\* ${name} =((?:[^;"]|"(?:[^"\\\\]|\\\\.)*")*);`).exec(
        source,
    );
    if (!found) throw new Error(`${name} is not in ${file}`);
    const text = found[1].replace(/\b[A-Z_]{4,}\b/g, (word) =>
        macros.has(word) ? `"${macros.get(word)}"` : word,
    );
    return literals(text);
}

/**
 * `pgbench -M prepared` with `sql` ($n given as SQL literals): {rate, latency in ms, cpu in seconds, count}. With a
 * `pause` in ms before each statement it is as slow as it is for somebody who asks now and then: nothing is warm.
 */
export async function pgbench(database, sql, parameters, { clients = 4, seconds = 4, pause = 0 } = {}) {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-pgbench-"));
    chmodSync(folder, 0o755);
    const script = path.join(folder, "script.sql");
    const text = sql.replace(/\$(\d+)/g, (_, n) => parameters[n - 1]);
    writeFileSync(script, `${pause ? `\\sleep ${pause} ms\n` : ""}${text.replace(/\s+/g, " ")};\n`);
    // pgbench's own CPU time, from the shell's `times`.
    const command = `pgbench -n -r -M prepared -c ${clients} -j 1 -T ${seconds} -f ${script} -h ${database.sockets} -U ${database.role} ${database.name} && times`;
    const before = cpuOfPostgres(database.postmaster);
    const { stdout } = await runAs(database.sockets, "sh", ["-c", command]);
    const servers = cpuOfPostgres(database.postmaster) - before;
    rmSync(folder, { recursive: true, force: true });
    const clock = [
        ...stdout
            .trim()
            .split("\n")
            .at(-1)
            .matchAll(/(\d+)m([\d.]+)s/g),
    ];
    const own = clock.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
    const count = Number(/transactions actually processed: (\d+)/.exec(stdout)[1]);
    return {
        rate: Number(/tps = ([\d.]+)/.exec(stdout)[1]),
        latency: Number(/^ +([\d.]+) .*(?:INSERT|SELECT|WITH)/m.exec(stdout)[1]),
        cpu: servers + own,
        count,
    };
}
