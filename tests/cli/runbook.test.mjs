// docs/runbook.md: every alarm has its section, and every command of a ```sh block works on a running instance.
// Placeholders: `brainbytes` is the program under test. A command whose exit code is not 0 on a healthy
// instance says so behind it: `# exit 1: why`. What stands inside a sentence, here and in the other documents,
// is a command with options that the program has.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { root, startServer } from "../support/server.mjs";

const text = readFileSync(path.join(root, "docs/runbook.md"), "utf8");
const anchors = new Set(
    [...text.matchAll(/^#{2,3} (.*)$/gm)].map(([, title]) =>
        title
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replaceAll(" ", "-"),
    ),
);
/** The words of a command line; quotes hold together, nothing else is a shell's. */
const wordsOf = (line) =>
    [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
        ([, double, single, plain]) => double ?? single ?? plain,
    );

let server, model;

/** What an instance that has alarms went through: a failed answer, one that came, a refused sign-in, no database. */
async function live() {
    const ana = { ...(await server.as("ana@example.org")), url: server.url };
    await ask(ana, newId(), "What is a root? [[fail=500]]");
    await ask(ana, newId(), "What is a leaf? [[tokens=3]]");
    const token = { json: { token: "wrong" }, method: "POST" };
    await server.request("/api/auth/link", token);
    // It is started again by itself.
    const status = async () => (await ana.request("/api/me")).status;
    const fell = async () => {
        for (const pid of server.databasePids()) {
            try {
                process.kill(pid, "SIGQUIT");
            } catch {
                continue; // it has just ended
            }
        }
        return (await status()) === 503;
    };
    await until("an answer with 503", fell, 20_000);
    await until("an answer again", async () => (await status()) === 200, 60_000);
}

async function until(what, look, limit = 150_000) {
    for (const deadline = Date.now() + limit; !(await look()); await pause(50))
        assert.ok(Date.now() < deadline, `${what}: not within ${limit} ms\n${server.tail(20)}`);
}

const history = /^brainbytes metrics show (\S+).*$/gm;

before(async () => {
    model = await startModel();
    server = await startServer({ verb: "supervise", env: model.env });
    const made = await server.command("backup", "create");
    assert.equal(made.code, 0, made.stderr);
    await server.admin(); // whom alarms can tell
    await live();
    const shown = [...new Set([...text.matchAll(history)].map(([line]) => line))];
    // Gauges come into the history with the next minute.
    await until("a history of all", async () => {
        for (const line of shown) {
            const { stderr } = await server.command(...wordsOf(line).slice(1));
            if (/no history/.test(stderr)) return false;
        }
        return true;
    });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

test("every alarm has its section, and the plan's troubleshooting too", async () => {
    const { code, stdout, stderr } = await server.command("alarm", "list", "--json");
    assert.equal(code, 0, stderr);
    const all = JSON.parse(stdout);
    assert.ok(all.length >= 20);
    for (const { alarm } of all) assert.ok(anchors.has(alarm.runbook), `${alarm.name}: #${alarm.runbook}`);
    for (const one of ["database-away", "deployment-failures", "performance-issues", "security-issues"])
        assert.ok(anchors.has(one), one);
});

test("every link inside the runbook leads somewhere", () => {
    for (const [, anchor] of text.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(anchors.has(anchor), anchor);
});

const commands = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
    block.split("\n").filter((line) => line.trim()),
);

test("there are commands", () => assert.ok(commands.length >= 20));

for (const line of new Set(commands))
    test(line, async () => {
        const [command, note = ""] = line.split(/\s+# /);
        const expected = Number(/^exit (\d+)/.exec(note)?.[1] ?? 0);
        const [name, ...words] = wordsOf(command);
        assert.equal(name, "brainbytes", "a block marked sh holds commands of ours alone");
        const { code, stdout, stderr } = await server.command(...words);
        assert.equal(code, expected, `${stdout}\n${stderr}`);
    });

/** Commands of ours in the code of a document, without `brainbytes` and what follows in a shell. */
function commandsIn(document) {
    const block = /^```.*\n([\s\S]*?)^```/gm;
    const blocks = [...document.matchAll(block)].flatMap(([, lines]) =>
        lines.replaceAll("\\\n", " ").split("\n"),
    );
    const spans = [...document.replace(block, "").matchAll(/`([^`]+)`/g)].map(([, span]) =>
        span.replaceAll("\n", " "),
    );
    return [...spans, ...blocks].flatMap((code) =>
        [...code.matchAll(/(?:^|[\s/(])brainbytes(?= +[a-z])((?: +(?!brainbytes )[^\s|;&)>#]+)+)/g)].map(
            ([, words]) => words.trim(),
        ),
    );
}

// What stands in a sentence, with what stands for the capital letters; what needs a release is tried by
// tests/cli/deploy.test.mjs, and what runs all the time is what runs here.
const elsewhere = ["rollback", "supervise"];
const inSentences = [...new Set(commandsIn(text))].filter(
    (command) =>
        !commands.some((line) => line.startsWith(`brainbytes ${command}`)) && !elsewhere.includes(command),
);

test("commands in sentences work too, on what there is", async () => {
    const person = await server.as("bea@example.org");
    const key = await person.request("/api/keys", {
        method: "POST",
        json: { name: "Tests", scopes: ["read"], days: 1 },
    });
    assert.equal(key.status, 201, key.text);
    const opened = await server.command("incident", "open", "Something is odd", "--severity", "P3", "--json");
    assert.equal(opened.code, 0, opened.stderr);
    const given = {
        N: String(JSON.parse(opened.stdout).number),
        TEXT: "looked at it",
        EMAIL: person.email,
        ID: key.json.id,
        NAME: "much-work",
    };
    const alarm = "--metric-name brainbytes_jobs --threshold 100 --comparison-operator GreaterThanThreshold";
    const more = { "alarm put": ["much-work", ...alarm.split(" ")], "maintenance run weekly": ["--json"] };
    const faults = [];
    for (const command of inSentences) {
        const words = wordsOf(command).map((word) => given[word] ?? word);
        const done = await server.command(...words, ...(more[command] ?? []));
        // A task that finds something to do says so with 1.
        const good = done.code === 0 || (command === "maintenance run weekly" && done.code === 1);
        if (!good) faults.push(`${command}: ${done.code}: ${done.stdout}${done.stderr}`);
    }
    assert.ok(inSentences.length >= 10);
    assert.deepEqual(faults, []);
});

const helps = new Map();
/** What the program says of a command; the rest of its words would be ignored. */
async function helpOf(names) {
    const key = names.join(" ");
    if (!helps.has(key)) {
        const { code, stdout, stderr } = await server.command(...names, "--help");
        assert.equal(code, 0, stderr);
        assert.match(stdout, new RegExp(`^Usage: ${["brainbytes", ...names].join(" ")} \\[OPTIONS\\]`, "m"));
        const [about, subcommands = ""] = stdout.split("\nSubcommands:\n");
        helps.set(key, {
            options: [...about.matchAll(/^ {2}(-\S+)/gm)].flatMap(([, option]) => option.split(",")),
            subcommands: [...subcommands.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name),
        });
    }
    return helps.get(key);
}

/** What the program lacks of a command; undefined: nothing. */
async function lackOf(command) {
    const words = wordsOf(command);
    const names = [];
    let help = await helpOf(names);
    while (help.subcommands.length > 0 && words.length > 0) {
        const known = help.subcommands.includes(words[0]);
        if (!known && names.length > 0 && !/^[a-z][a-z-]*$/.test(words[0])) break; // an argument
        if (!known) return `there is no "${[...names, words[0]].join(" ")}"`;
        names.push(words.shift());
        help = await helpOf(names);
    }
    const options = words.map((word) => /^\[?(--?[a-z][a-z-]*)/.exec(word)?.[1]).filter(Boolean);
    const unknown = options.find((option) => !help.options.includes(option));
    return unknown && `"${names.join(" ")}" has no ${unknown}`;
}

test("a command or option that is not there is noticed", async () => {
    assert.deepEqual(
        commandsIn("`brainbytes a\nb`, brainbytes c\n```sh\nsudo brainbytes d \\\n  -e | f\n```\n"),
        ["a b", "d    -e"],
    );
    assert.equal(await lackOf("logs filter --since 1h --request ID"), undefined);
    assert.equal(await lackOf("incident acknowledge 3"), 'there is no "incident acknowledge"');
    assert.equal(await lackOf("logs filter --sinc 1h"), '"logs filter" has no --sinc');
});

test("every error that the log can tell has its row", () => {
    const rows = new Set(
        [...text.split("\n## Error messages\n")[1].matchAll(/^\| (.+?) \|/gm)].flatMap(([, first]) =>
            [...first.matchAll(/`([^`]+)`/g)].map(([, message]) => message),
        ),
    );
    const told = globSync("src/**/*.cpp", { cwd: root }).flatMap((file) =>
        [
            ...readFileSync(path.join(root, file), "utf8").matchAll(
                /(?:log::error\(|Level::error, )\s*"([^"]+)"/g,
            ),
        ].map(([, message]) => message),
    );
    assert.ok(told.length >= 30);
    assert.deepEqual(
        told.filter((message) => !rows.has(message)),
        [],
        "without a row",
    );
    assert.deepEqual(
        [...rows].filter((message) => !told.includes(message)),
        [],
        "told by nothing",
    );
});

const documents = globSync(["README.md", "CONTRIBUTING.md", "docs/**/*.md"], { cwd: root });
test("the documents are there", () => assert.ok(documents.length >= 20));

for (const document of documents)
    test(`${document} names commands and options that there are`, async () => {
        const faults = [];
        for (const command of new Set(commandsIn(readFileSync(path.join(root, document), "utf8")))) {
            const lack = await lackOf(command);
            if (lack) faults.push(`${lack}: brainbytes ${command}`);
        }
        assert.deepEqual(faults, []);
    });
