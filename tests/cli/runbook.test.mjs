// docs/runbook.md: every alarm has its section, and every command of a ```sh block works on a running instance.
// Placeholders: `brainbytes` is the program under test. A command whose exit code is not 0 on a healthy
// instance says so behind it: `# exit 1: why`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startModel } from "../support/model.mjs";
import { root, startServer, temporaryFolder } from "../support/server.mjs";

const text = readFileSync(path.join(root, "docs/runbook.md"), "utf8");
const anchors = new Set(
    [...text.matchAll(/^#{2,3} (.*)$/gm)].map(([, title]) =>
        title
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replaceAll(" ", "-"),
    ),
);
let server, model;
before(async () => {
    model = await startModel();
    server = await startServer({ env: { BACKUP_TO: temporaryFolder("bb-backups"), ...model.env } });
    const made = await server.command("backup", "create");
    assert.equal(made.code, 0, made.stderr);
});
after(async () => {
    await server?.stop();
    await model?.close();
});

/** The words of a command line; quotes hold together, nothing else is a shell's. */
const wordsOf = (line) =>
    [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
        ([, double, single, plain]) => double ?? single ?? plain,
    );

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
