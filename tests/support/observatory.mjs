// The score that Mozilla's HTTP Observatory gives an answer, by its published scoring (github.com/mdn/mdn-http-observatory,
// docs of its predecessor mozilla/http-observatory: httpobs/docs/scoring.md). Results and modifiers have the names they
// have there; only results that a server of its own files can have are listed.
const modifiers = {
    "csp-implemented-with-no-unsafe-default-src-none": 10,
    "csp-implemented-with-no-unsafe": 5,
    "csp-implemented-with-unsafe-inline-in-style-src-only": 0,
    "csp-implemented-with-unsafe-eval": -10,
    "csp-implemented-with-insecure-scheme-in-passive-content-only": -10,
    "csp-implemented-with-unsafe-inline": -20,
    "csp-implemented-with-insecure-scheme": -20,
    "csp-not-implemented": -25,
    "cookies-secure-with-httponly-sessions-and-samesite": 5,
    "cookies-secure-with-httponly-sessions": 0,
    "cookies-not-found": 0,
    "cookies-session-without-httponly-flag": -30,
    "cookies-session-without-secure-flag": -40,
    "cross-origin-resource-sharing-not-implemented": 0,
    "cross-origin-resource-sharing-implemented-with-restricted-access": 0,
    "cross-origin-resource-sharing-implemented-with-universal-access": -50,
    "hsts-implemented-max-age-at-least-six-months": 0,
    "hsts-implemented-max-age-less-than-six-months": -10,
    "hsts-not-implemented": -20,
    "referrer-policy-private": 5,
    "referrer-policy-no-referrer-when-downgrade": 0,
    "referrer-policy-not-implemented": 0,
    "referrer-policy-unsafe": -5,
    "sri-not-implemented-response-not-html": 0,
    "sri-not-implemented-but-no-scripts-loaded": 0,
    "sri-not-implemented-but-all-scripts-loaded-from-secure-origin": 0,
    "sri-not-implemented-and-external-scripts-not-loaded-securely": -50,
    "x-content-type-options-nosniff": 0,
    "x-content-type-options-not-implemented": -5,
    "x-frame-options-implemented-via-csp": 5,
    "x-frame-options-sameorigin-or-deny": 5,
    "x-frame-options-not-implemented": -20,
    "cross-origin-resource-policy-implemented-with-same-origin": 10,
    "cross-origin-resource-policy-implemented-with-same-site": 10,
    "cross-origin-resource-policy-implemented-with-cross-origin": 0,
    "cross-origin-resource-policy-not-implemented": 0,
};

const broad = ["*", "http:", "https:", "http://*", "https://*", "ftp:", "data:", "blob:"];

/** directive -> its sources, the first of two of a name winning (CSP level 3). */
function directives(policy) {
    const found = new Map();
    for (const part of policy.split(";")) {
        const [name, ...sources] = part.trim().split(/\s+/);
        if (name && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), sources);
    }
    return found;
}

function csp({ headers }) {
    const policy = headers.get("content-security-policy");
    if (!policy) return "csp-not-implemented";
    const found = directives(policy);
    const of = (name) => found.get(name) ?? found.get("default-src") ?? ["*"];
    const has = (name, ...what) => of(name).some((source) => what.includes(source));
    const insecure = (name) => of(name).some((source) => /^(http|ftp):/.test(source));
    const guarded = of("script-src").some((source) => /^'(nonce-|sha(256|384|512)-)/.test(source));
    if (
        (has("script-src", "'unsafe-inline'") && !guarded) ||
        has("script-src", ...broad) ||
        has("object-src", ...broad)
    )
        return "csp-implemented-with-unsafe-inline";
    if (["script-src", "object-src", "style-src", "connect-src", "frame-src"].some(insecure))
        return "csp-implemented-with-insecure-scheme";
    if (has("script-src", "'unsafe-eval'")) return "csp-implemented-with-unsafe-eval";
    if (insecure("img-src") || insecure("media-src"))
        return "csp-implemented-with-insecure-scheme-in-passive-content-only";
    if (has("style-src", "'unsafe-inline'", ...broad))
        return "csp-implemented-with-unsafe-inline-in-style-src-only";
    const only = found.get("default-src") ?? [];
    return only.length === 1 && only[0] === "'none'"
        ? "csp-implemented-with-no-unsafe-default-src-none"
        : "csp-implemented-with-no-unsafe";
}

function cookies({ headers }) {
    const set = headers.getSetCookie().map((line) => line.toLowerCase());
    if (set.length === 0) return "cookies-not-found";
    const every = (flag) => set.every((line) => new RegExp(`;\\s*${flag}\\b`).test(line));
    if (!every("secure")) return "cookies-session-without-secure-flag";
    if (!every("httponly")) return "cookies-session-without-httponly-flag";
    return every("samesite=(lax|strict)")
        ? "cookies-secure-with-httponly-sessions-and-samesite"
        : "cookies-secure-with-httponly-sessions";
}

function sharing({ headers }) {
    const origin = headers.get("access-control-allow-origin");
    if (!origin) return "cross-origin-resource-sharing-not-implemented";
    return origin === "*"
        ? "cross-origin-resource-sharing-implemented-with-universal-access"
        : "cross-origin-resource-sharing-implemented-with-restricted-access";
}

function hsts({ headers }) {
    const age = /max-age=(\d+)/.exec(headers.get("strict-transport-security") ?? "")?.[1];
    if (age === undefined) return "hsts-not-implemented";
    return Number(age) >= 15_768_000
        ? "hsts-implemented-max-age-at-least-six-months"
        : "hsts-implemented-max-age-less-than-six-months";
}

function referrer({ headers }) {
    const policy = headers.get("referrer-policy");
    if (!policy) return "referrer-policy-not-implemented";
    const good = ["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"];
    if (good.includes(policy)) return "referrer-policy-private";
    return policy === "no-referrer-when-downgrade"
        ? "referrer-policy-no-referrer-when-downgrade"
        : "referrer-policy-unsafe";
}

function integrity({ headers, text }) {
    if (!/text\/html/.test(headers.get("content-type") ?? "")) return "sri-not-implemented-response-not-html";
    const sources = [...text.matchAll(/<script[^>]*\ssrc="([^"]*)"/g)].map((match) => match[1]);
    if (sources.length === 0) return "sri-not-implemented-but-no-scripts-loaded";
    return sources.every((source) => /^\/(?!\/)/.test(source))
        ? "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"
        : "sri-not-implemented-and-external-scripts-not-loaded-securely";
}

const sniffing = ({ headers }) =>
    headers.get("x-content-type-options") === "nosniff"
        ? "x-content-type-options-nosniff"
        : "x-content-type-options-not-implemented";

function framing({ headers }) {
    const ancestors = directives(headers.get("content-security-policy") ?? "").get("frame-ancestors");
    if (ancestors && !ancestors.some((source) => broad.includes(source)))
        return "x-frame-options-implemented-via-csp";
    return /^(deny|sameorigin)$/i.test(headers.get("x-frame-options") ?? "")
        ? "x-frame-options-sameorigin-or-deny"
        : "x-frame-options-not-implemented";
}

function resourcePolicy({ headers }) {
    const policy = headers.get("cross-origin-resource-policy");
    if (!policy) return "cross-origin-resource-policy-not-implemented";
    return `cross-origin-resource-policy-implemented-with-${policy}`;
}

/**
 * {score, results} of an answer {headers, text}. Bonuses count when the score without them is 90 or more. Without
 * `tls`, what only https can have (HSTS, Secure) is left out; redirection is not scored: where the
 * program speaks https it speaks no http, and otherwise it is the affair of the proxy in front.
 */
export function observatory(answer, { tls }) {
    const tests = [csp, sharing, referrer, integrity, sniffing, framing, resourcePolicy];
    if (tls) tests.push(cookies, hsts);
    const results = tests.map((look) => look(answer));
    let penalties = 100;
    let bonuses = 0;
    for (const result of results) {
        const modifier = modifiers[result];
        if (modifier === undefined) throw new Error(`no modifier for ${result}`);
        if (modifier < 0) penalties += modifier;
        else bonuses += modifier;
    }
    return { score: Math.max(0, penalties) + (penalties >= 90 ? bonuses : 0), results };
}
