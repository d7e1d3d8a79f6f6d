// secrets.mjs [FOLDER]: looks for keys and passwords in every file that git tracks there. Prints file:line and the kind,
// never the value; exits 1 when it finds any. A line that says "not a secret" is one that only looks like it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

const kinds = [
    ["private key", /-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----\s*[A-Za-z0-9+/=\n]{40}/],
    ["AWS access key", /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
    ["GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b/],
    ["OpenAI key", /\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}\b/],
    ["Slack token", /\bxox[abprs]-[A-Za-z0-9-]{20,}\b/],
    ["Google key", /\bAIza[A-Za-z0-9_-]{35}\b/],
    ["npm token", /\bnpm_[A-Za-z0-9]{36}\b/],
    ["BrainBytes key", /\bbb_[A-Za-z0-9_-]{43}\b/],
    ["JSON web token", /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\b/],
    [
        "password in an address",
        /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'`]+:(?!password\b|secret\b|\$|<|\.\.\.)[^\s:/@"'`•]{8,}@(?!.*\.example\b)/,
    ],
];

const folder = process.argv[2] ?? ".";
const files = execFileSync("git", ["ls-files", "-z"], { cwd: folder, encoding: "utf8" })
    .split("\0")
    .filter(Boolean);
let found = 0;
for (const file of files) {
    let text;
    try {
        text = readFileSync(path.join(folder, file), "utf8");
    } catch {
        continue; // removed, and not yet committed
    }
    if (text.includes("\u0000")) continue; // a picture
    const lines = text.split("\n");
    for (const [kind, pattern] of kinds)
        for (const match of text.matchAll(new RegExp(pattern, "g"))) {
            const number = text.slice(0, match.index).split("\n").length;
            if (/not a secret/.test(lines[number - 1])) continue;
            console.log(`${file}:${number}: ${kind}`);
            found += 1;
        }
}
console.log(
    found ? `secrets: ${found} found in ${files.length} files` : `secrets: none in ${files.length} files`,
);
process.exitCode = found ? 1 : 0;
