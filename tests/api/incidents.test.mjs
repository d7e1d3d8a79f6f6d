// Alarms, incidents, who is told and how, the status page: with a real mail server and listening channels.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { startMailSink } from "../support/mail_sink.mjs";
import { freePort, startServer, temporaryFolder } from "../support/server.mjs";

const secret = "whsec_" + Buffer.from("a secret of the channel").toString("base64");
let server, mail, sink, admin, student;
const heard = [];

/** Listens for every channel at once, by path. */
async function startSink() {
    const listener = http.createServer((request, response) => {
        let body = "";
        request.on("data", (piece) => (body += piece));
        request.on("end", () => {
            heard.push({ path: request.url, method: request.method, headers: request.headers, body });
            response.end("ok");
        });
    });
    listener.listen(await freePort(), "127.0.0.1");
    await once(listener, "listening");
    return { url: `http://127.0.0.1:${listener.address().port}`, close: () => listener.close() };
}

async function until(what, look, seconds = 40) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const found = await look();
        if (found) return found;
        if (Date.now() > deadline) throw new Error(`${what} did not come\n${server.tail(20)}`);
        await new Promise((resolve) => setTimeout(resolve, 250));
    }
}

const unfolded = (data) =>
    data
        .replace(/=\r?\n/g, "")
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
const letterTo = (to, pattern) =>
    until(`a letter to ${to} like ${pattern}`, () =>
        mail
            .letters(to)
            .map(({ data }) => unfolded(data))
            .find((data) => pattern.test(data)),
    );
const at = (channel, pattern = /./) =>
    until(`${pattern} at ${channel}`, () =>
        heard.find((one) => one.path.startsWith(channel) && pattern.test(one.body)),
    );

before(async () => {
    mail = await startMailSink();
    sink = await startSink();
    const folder = temporaryFolder();
    const dataFolder = path.join(folder, "data");
    const contacts = path.join(folder, "contacts.toml");
    writeFileSync(
        contacts,
        `[contacts]
ana = { email = "ana@school.example", ntfy = "${sink.url}/ana" }
head = { email = "head@school.example" }
[escalation]
L1 = ["ana"]
L2 = ["head"]
`,
        { mode: 0o644 },
    );
    server = await startServer({
        dataFolder,
        env: {
            SMTP_URL: mail.url,
            BRAINBYTES_CONFIG: contacts,
            ALARM_WEBHOOK_URL: `${sink.url}/webhook`,
            ALARM_WEBHOOK_SECRET: secret,
            ALARM_NTFY_URL: `${sink.url}/topic`,
            ALARM_SLACK_URL: `${sink.url}/slack`,
            ALARM_ALERTMANAGER_URL: `${sink.url}/am`,
            ALARM_DEADMAN_URL: `${sink.url}/alive`,
        },
    });
    admin = await server.admin();
    student = await server.student();
});
after(async () => {
    await server?.stop();
    await mail?.close();
    sink?.close();
});

test("a test reaches everybody, over each channel as it wants it", async () => {
    const done = await server.command("alarm", "test");
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.equal(done.stdout.match(/arrived/g).length, 7);
    await letterTo("ana@school.example", /This is a test/);
    await letterTo("head@school.example", /This is a test/);
    const { headers, body } = await at("/webhook", /incident\.test/);
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const key = Buffer.from(secret.slice(6), "base64");
    assert.equal(
        headers["webhook-signature"],
        "v1," + createHmac("sha256", key).update(signed).digest("base64"),
    );
    assert.equal((await at("/topic")).headers.title, "[P3] Test: This is a test. (#0)");
    assert.match((await at("/ana")).body, /nothing to do/);
    assert.match(JSON.parse((await at("/slack")).body).text, /This is a test/);
    const alerts = JSON.parse((await at("/am/api/v2/alerts")).body);
    const on = alerts.filter(({ endsAt }) => Date.parse(endsAt) > Date.now() + 1000);
    assert.deepEqual([on.map(({ labels }) => labels.severity), alerts.length], [["P3"], 4]);
    await at("/alive", /^/);
});

test("alarms are armed, and somebody looks at them", async () => {
    const status = await until("a look", async () => {
        const { code, stdout } = await server.command("alarm", "status", "--json");
        return code === 0 && JSON.parse(stdout);
    });
    assert.ok(status.armed > 20);
    assert.equal(status.fault, null);
    const list = await server.command("alarm", "list");
    assert.match(list.stdout, /ok\tP2\tBrainBytes-HighErrorRate\tHigh error rate detected\./);
});

let number;
test("an incident by command tells L1 at once; the link needs a click", async () => {
    const opened = await server.command(
        "incident",
        "open",
        "Nobody can sign in",
        "--severity",
        "P1",
        "--component",
        "sign-in",
        "--json",
    );
    assert.equal(opened.code, 0, opened.stderr);
    assert.match(opened.stderr, /rollback if there is no quick fix, and an answer within 15 minutes/);
    ({ number } = JSON.parse(opened.stdout));
    const letter = await letterTo("ana@school.example", /Nobody can sign in/);
    assert.match(letter, /Subject: .*\[P1\] New incident: Nobody can sign in/);
    assert.equal(mail.letters("head@school.example").filter(({ data }) => /Nobody/.test(data)).length, 0);
    const link = /http\S+\/incident\?number=\d+&key=\w+/.exec(letter)[0];
    const target = link.slice(link.indexOf("/incident"));
    const page = await server.request(target);
    assert.equal(page.status, 200);
    assert.match(page.text, /<button/);
    const wrong = target.replace(/key=(.)/, (_, first) => `key=${first === "a" ? "b" : "a"}`);
    assert.equal((await server.request(wrong)).status, 404);
    assert.equal((await server.request(wrong, { method: "POST" })).status, 404);
    const before = await admin.request(`/api/admin/incidents/${number}`);
    assert.equal(before.json.state, "open");
    const clicked = await server.request(target, { method: "POST" });
    assert.equal(clicked.status, 200, clicked.text);
    const incident = (await admin.request(`/api/admin/incidents/${number}`)).json;
    assert.deepEqual([incident.state, incident.acknowledgedBy], ["acknowledged", "by the link"]);
    assert.deepEqual(
        incident.events.map(({ kind }) => kind),
        ["opened", "decision", "told", "acknowledged"],
    );
});

test("administrators alone see incidents, and bad input is named", async () => {
    for (const [method, target] of [
        ["GET", "/api/admin/incidents"],
        ["POST", "/api/admin/incidents"],
        ["GET", `/api/admin/incidents/${number}`],
        ["GET", `/api/admin/incidents/${number}/postmortem`],
        ["POST", `/api/admin/incidents/${number}/acknowledge`],
        ["POST", `/api/admin/incidents/${number}/notes`],
        ["POST", `/api/admin/incidents/${number}/escalate`],
        ["POST", `/api/admin/incidents/${number}/resolve`],
        ["GET", "/api/admin/alarms"],
        ["POST", "/api/admin/alarms/disk-full/silence"],
        ["GET", "/api/admin/metrics?name=brainbytes_serving"],
        ["GET", "/api/admin/marks"],
        ["GET", "/api/admin/maintenance"],
    ]) {
        const options = method === "POST" ? { method, json: { words: "x" } } : { method };
        assert.equal((await server.request(target, options)).status, 401, target);
        assert.equal((await student.request(target, options)).status, 403, target);
    }
    const bad = async (target, json, fields) => {
        const { status, json: problem } = await admin.request(target, { method: "POST", json });
        assert.equal(status, 422, target);
        assert.deepEqual(
            problem.errors.map(({ pointer }) => pointer),
            fields,
        );
    };
    await bad("/api/admin/incidents", { severity: "P9" }, ["#/title", "#/severity"]);
    await bad(`/api/admin/incidents/${number}/notes`, { words: "", more: 1 }, ["#/words", "#/more"]);
    await bad("/api/admin/alarms/disk-full/silence", { reason: "work" }, ["#/minutes"]);
    assert.equal(
        (
            await admin.request("/api/admin/alarms/none/silence", {
                method: "POST",
                json: { minutes: 5, reason: "x" },
            })
        ).status,
        404,
    );
    for (const target of ["/api/admin/incidents/99999", "/api/admin/incidents/x", "/api/admin/incidents/0"])
        assert.equal((await admin.request(target)).status, 404, target);
    for (const query of [
        "",
        "name=x&statistic=mean",
        "name=x&period=1",
        "name=x&hours=0",
        "name=x&hours=9000&period=60",
        "name=x&label=y",
    ])
        assert.equal((await admin.request(`/api/admin/metrics?${query}`)).status, 422, query);
});

test("the status page tells of it, and who subscribed hears of it", async () => {
    const form = new FormData();
    form.set("email", "parent@home.example");
    const asked = await server.request("/status/subscribe", { method: "POST", body: form });
    assert.equal(asked.status, 200, asked.text);
    const confirm = /http\S+\/status\/confirm\?\S+/.exec(await letterTo("parent@home.example", /confirm/))[0];
    const target = new URL(confirm);
    assert.match((await server.request(target.pathname + target.search)).text, /<button/);
    const yes = await server.request(target.pathname + target.search, { method: "POST" });
    assert.equal(yes.status, 200, yes.text);
    const wrong = await server.request("/status/subscribe", { method: "POST", body: new FormData() });
    assert.equal(wrong.status, 422);
    const noted = await server.command(
        "incident",
        "note",
        String(number),
        "A mail server was away.",
        "--public",
        "--by",
        "ana",
    );
    assert.equal(noted.code, 0, noted.stderr);
    const letter = await letterTo("parent@home.example", /A mail server was away/);
    assert.doesNotMatch(letter, /incident\?number/);
    const page = await until("the note on the status page", async () => {
        const { text } = await server.request("/status");
        return /A mail server was away/.test(text) && text;
    });
    assert.match(page, /Signing in: trouble/);
    assert.match(page, /We noticed it and look into it/);
    const { json } = await server.request("/api/status");
    assert.equal(json.components.find(({ name }) => name === "sign-in").state, "incident");
    const end = /http\S+\/status\/end\?\S+/.exec(letter)[0];
    const away = new URL(end);
    assert.equal((await server.request(away.pathname + away.search, { method: "POST" })).status, 200);
    assert.equal((await server.request(target.pathname + target.search, { method: "POST" })).status, 404);
});

test("it goes up by hand, ends, and is written up", async () => {
    const up = await admin.request(`/api/admin/incidents/${number}/escalate`, {
        method: "POST",
        json: { words: "the mail server is theirs" },
    });
    assert.equal(up.json.level, 2, up.text);
    await letterTo("head@school.example", /Nobody can sign in/);
    const over = await server.command("incident", "resolve", String(number), "The mail server is back.");
    assert.equal(over.code, 0, over.stderr);
    await letterTo("ana@school.example", /Over: Nobody can sign in/);
    const again = await admin.request(`/api/admin/incidents/${number}/resolve`, {
        method: "POST",
        json: { words: "twice" },
    });
    assert.equal(again.status, 409);
    const { stdout } = await server.command("incident", "postmortem", String(number));
    for (const part of ["Detection", "Assessment", "Communication", "Resolution", "What changed", "Lessons"])
        assert.match(stdout, new RegExp(`^## ${part}`, "m"));
    assert.match(stdout, /A mail server was away/);
    const audit = await server.command("audit", "list", "--action", "incident");
    for (const action of ["opened", "acknowledged", "noted", "escalated", "resolved"])
        assert.match(audit.stdout, new RegExp(`incident\\.${action}`));
});

test("an alarm in the words of CloudWatch opens an incident by itself and ends it", async () => {
    const put = (...words) => server.command("alarm", "put", "--alarm-name", "asked-at-all", ...words);
    const made = await put(
        "--alarm-description",
        "Somebody asks.",
        "--namespace",
        "BrainBytes",
        "--metric-name",
        "brainbytes_http_requests_total",
        "--statistic",
        "Sum",
        "--period",
        "60",
        "--threshold",
        "0",
        "--comparison-operator",
        "GreaterThanThreshold",
        "--dimensions",
        "Name=route,Value=/api/threads",
        "--severity",
        "P3",
    );
    assert.equal(made.code, 0, made.stderr);
    const bad = await put("--statistic", "mean");
    assert.match(bad.stderr, /#\/statistic must be average/);
    const found = await until("the incident", async () => {
        await student.request("/api/threads"); // the alarm looks at this minute alone, which may be over
        const { json } = await admin.request("/api/admin/incidents");
        return json.incidents.find(({ alarms }) => alarms === "asked-at-all");
    });
    assert.deepEqual([found.title, found.severity], ["Somebody asks.", "P3"]);
    const silenced = await admin.request("/api/admin/alarms/asked-at-all/silence", {
        method: "POST",
        json: { minutes: 5, reason: "known" },
    });
    assert.equal(silenced.status, 204, silenced.text);
    const { json } = await admin.request("/api/admin/alarms");
    assert.ok(json.alarms.find(({ alarm }) => alarm.name === "asked-at-all").silenced);
    assert.equal((await put("--off")).code, 0);
    await until("its end", async () => {
        const { json: all } = await admin.request("/api/admin/incidents?all=true");
        return all.incidents.find(({ number: n }) => n === found.number).state === "resolved";
    });
    assert.equal((await server.command("alarm", "remove", "asked-at-all")).code, 0);
});

test("what was measured is there afterwards, by command and for the page", async () => {
    const shown = await server.command(
        "metrics",
        "show",
        "brainbytes_http_requests_total",
        "--statistic",
        "Sum",
        "--period",
        "60",
        "--start",
        "1h",
        "--plot",
    );
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /\t\d+\t\t#+/);
    const { stdout } = await server.command(
        "metrics",
        "show",
        "brainbytes_http_request_duration_seconds",
        "--statistic",
        "p95",
        "--period",
        "3600",
        "--json",
    );
    const [point] = JSON.parse(stdout).points.slice(-1);
    assert.ok(point.value > 0 && point.value < 30, stdout);
    const { json } = await admin.request(
        "/api/admin/metrics?name=brainbytes_http_requests_total&statistic=sum&hours=1&label=status=4*",
    );
    assert.ok(json.points.reduce((sum, { value }) => sum + value, 0) > 10);
    assert.match((await server.command("metrics", "list")).stdout, /brainbytes_serving\tgauge/);
    assert.match((await server.command("metrics", "show", "nothing")).stderr, /no history/);
});

test("a database that is away is told without it, and written down when it is back", async () => {
    const { stdout } = await server.command("incident", "list", "--all", "--json");
    const known = JSON.parse(stdout).length;
    const [postmaster] = readFileSync(path.join(server.dataFolder, "postgres/postmaster.pid"), "utf8").split(
        "\n",
    );
    const signal = (name) => {
        process.kill(Number(postmaster), name);
        execFileSync("pkill", [`-${name.slice(3)}`, "-P", postmaster]);
    };
    signal("SIGSTOP");
    let letter;
    try {
        letter = await until(
            "a letter",
            () =>
                mail
                    .letters("ana@school.example")
                    .map(({ data }) => unfolded(data))
                    .find((data) => /database cannot be reached/.test(data)),
            150,
        );
        assert.match(letter, /P0/);
        const page = await server.request("/status");
        assert.equal(page.status, 200);
        assert.match(page.text, /database does not answer/);
    } finally {
        signal("SIGCONT");
    }
    const written = await until("the incident", async () => {
        const all = JSON.parse((await server.command("incident", "list", "--all", "--json")).stdout);
        return all.length > known && all.find(({ alarms }) => alarms === "database");
    });
    assert.equal(written.state, "resolved");
});
