// review.mjs OWNER/NAME COMMIT: prints "passed WORDS" when a pull request has brought the commit whose last commit was
// approved by a person of the repository who neither opened it nor made a commit of it, and nobody's last word is that
// changes are needed; else "failed WORDS".
import { execFileSync } from "node:child_process";

const [repository, commit] = process.argv.slice(2);
const perPage = 100;
const mostPages = 50;
const longest = 60_000; // milliseconds, for an answer
// On a public repository anybody may approve.
const trusted = ["OWNER", "MEMBER", "COLLABORATOR"];

/** Every entry of a list. */
function all(path) {
    const found = [];
    for (let page = 1; page <= mostPages; page += 1) {
        const target = `repos/${repository}/${path}?per_page=${perPage}&page=${page}`;
        const list = JSON.parse(execFileSync("gh", ["api", target], { encoding: "utf8", timeout: longest }));
        found.push(...list);
        if (list.length < perPage) return found;
    }
    throw new Error(`${path} has more than ${mostPages * perPage} entries`);
}

/** Who has approved the last commit of a pull request: none while somebody wants changes. */
function approvers({ number, user, head }) {
    const makers = new Set([user?.login]);
    for (const { author, committer } of all(`pulls/${number}/commits`))
        for (const one of [author, committer]) makers.add(one?.login);
    const last = new Map(); // by person, the oldest review comes first
    for (const review of all(`pulls/${number}/reviews`)) {
        if (review.user?.type !== "User" || !trusted.includes(review.author_association)) continue;
        if (!["COMMENTED", "PENDING"].includes(review.state)) last.set(review.user.login, review);
    }
    const reviews = [...last.values()];
    if (reviews.some(({ state }) => state === "CHANGES_REQUESTED")) return [];
    return reviews
        .filter(({ state, commit_id: of }) => state === "APPROVED" && of === head.sha)
        .map(({ user: { login } }) => login)
        .filter((login) => !makers.has(login));
}

function judge() {
    const pulls = all(`commits/${commit}/pulls`).filter(({ merged_at: merged }) => merged);
    if (pulls.length === 0) return "failed no pull request has brought this commit";
    const told = [];
    for (const pull of pulls) {
        const words = `pull request ${pull.number} of ${pull.user?.login ?? "nobody"}`;
        const names = approvers(pull);
        if (names.length > 0) return `passed ${words}, approved by ${names.join(", ")}`;
        told.push(`${words}: nobody else of this repository has approved its last commit`);
    }
    return `failed ${told.join("; ")}`;
}

try {
    console.log(judge());
} catch (fault) {
    console.log(`failed GitHub could not be asked: ${fault.message.split("\n").slice(0, 2).join(" ")}`);
}
