// A strict stand-in for the part of Cloudflare's API (v4) that deals with zones and DNS records: it answers in the
// published shapes, and refuses what the published rules refuse. No word of it was checked against Cloudflare itself.
//
//   const cloudflare = await startCloudflare({ zones: ["school.example"] });
//   cloudflare.add("school.example", { type: "A", name: "tutor.school.example", content: "203.0.113.5" });
//   cloudflare.fail({ method: "PATCH", status: 429, headers: { "retry-after": "1" } });   // the next such request
//   await cloudflare.close();
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { isIPv4, isIPv6 } from "node:net";

const base = "/client/v4";
const zoneQuery = ["name", "status", "account.id", "page", "per_page", "order", "direction", "match"];
const recordQuery = ["name", "type", "content", "proxied", "page", "per_page", "order", "direction", "match"];
const recordFields = ["type", "name", "content", "ttl", "proxied", "comment", "tags", "settings"];
const addressTypes = ["A", "AAAA", "CNAME"];
const hostName = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z]{2,}$/;
const notProxiable = /^(0|10|127|169\.254|192\.168)\./;

class Refusal extends Error {
    constructor(status, code, message, chain) {
        super(message);
        this.status = status;
        this.entry = { code, message, ...(chain && { error_chain: [chain] }) };
    }
}
const invalid = (code, message) => new Refusal(400, 1004, "DNS Validation Error", { code, message });
const badHeader = (code, message) => new Refusal(400, 6003, "Invalid request headers", { code, message });
const newId = () => randomBytes(16).toString("hex");

/** What the rules say of a whole record; throws a Refusal. */
function check(record, zone) {
    const { type, name, content, ttl, proxied } = record;
    const fits = { A: isIPv4, AAAA: isIPv6, CNAME: (text) => hostName.test(text) }[type];
    if (fits && !fits(content)) throw invalid(9005, `Content for ${type} record is invalid.`);
    if (name !== zone.name && !name.endsWith(`.${zone.name}`)) throw invalid(9000, "DNS name is invalid.");
    if (!Number.isInteger(ttl) || (ttl !== 1 && (ttl < 60 || ttl > 86_400)))
        throw invalid(9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.");
    if (typeof proxied !== "boolean") throw invalid(9020, "Invalid proxied status.");
    if (!proxied) return;
    if (!addressTypes.includes(type)) throw invalid(9004, "This kind of record cannot be proxied");
    if (notProxiable.test(content))
        throw invalid(9003, `Target ${content} is not allowed for a proxied record.`);
    if (ttl !== 1) throw invalid(9021, "TTL of a proxied record is automatic.");
}

function checkBeside(record, others) {
    const same = others.filter((one) => one.name === record.name && one.id !== record.id);
    if (same.some((one) => one.type === record.type && one.content === record.content))
        throw new Refusal(400, 81_058, "An identical record already exists.");
    const alias = same.some((one) => one.type === "CNAME");
    if (alias || (record.type === "CNAME" && same.some((one) => addressTypes.includes(one.type))))
        throw new Refusal(400, 81_053, "An A, AAAA, or CNAME record with that host already exists.");
}

function page(all, query, least, most) {
    const number = Number(query.get("page") ?? 1);
    const size = Number(query.get("per_page") ?? 100);
    if (!Number.isInteger(number) || number < 1) throw new Refusal(400, 1004, "page is invalid");
    if (!Number.isInteger(size) || size < least || size > most)
        throw new Refusal(400, 1004, `per_page must be from ${least} to ${most}`);
    const result = all.slice((number - 1) * size, number * size);
    const info = { page: number, per_page: size, count: result.length, total_count: all.length };
    return { result, result_info: { ...info, total_pages: Math.ceil(all.length / size) } };
}

/** The same from an API that names no number of pages. */
const uncounted = ({ result, result_info: { page, per_page, count, total_count } }) => ({
    result,
    result_info: { page, per_page, count, total_count },
});

function knownOnly(names, allowed, what) {
    for (const name of names)
        if (!allowed.includes(name)) throw new Refusal(400, 1004, `unknown ${what} ${name}`);
}

/** Starts it. Options: `zones`: names, or {name, account}; `token`: the one that is good; `readOnly`. */
export async function startCloudflare(options) {
    const cloudflare = new Cloudflare(options);
    await cloudflare.listen();
    return cloudflare;
}

class Cloudflare {
    constructor({ zones = [], token = `token-${newId()}`, readOnly = false }) {
        this.token = token;
        this.readOnly = readOnly;
        this.faults = [];
        this.requests = [];
        this.countsPages = true;
        this.zones = zones
            .map((zone) => (typeof zone === "string" ? { name: zone } : zone))
            .map(({ name, account = "0".repeat(32) }) => ({
                id: newId(),
                name,
                status: "active",
                paused: false,
                type: "full",
                account: { id: account, name: "School" },
                records: [],
            }));
    }

    async listen() {
        this.server = createServer((request, response) => this.#serve(request, response));
        await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}${base}`;
        this.env = { CLOUDFLARE_API_URL: this.url, CLOUDFLARE_API_TOKEN: this.token };
    }

    async close() {
        this.server.closeAllConnections();
        await new Promise((resolve) => this.server.close(resolve));
    }

    /** A record as if somebody had made it at Cloudflare. */
    add(zoneName, { ttl = 1, proxied = false, ...rest }) {
        const zone = this.zones.find((one) => one.name === zoneName);
        const record = { id: newId(), ...rest, proxiable: true, proxied, ttl, ...this.#about(rest.comment) };
        zone.records.push(record);
        return record;
    }

    #about(comment = null) {
        const at = new Date().toISOString();
        return { settings: {}, meta: {}, comment, tags: [], created_on: at, modified_on: at };
    }

    /** The records of a name, in short. */
    of(name) {
        const all = this.zones.flatMap((zone) => zone.records).filter((record) => record.name === name);
        return all.map(({ type, content, ttl, proxied }) => ({ type, content, ttl, proxied }));
    }

    /**
     * The next `times` requests of the method (any without one) get this instead of an answer:
     * {status, headers, body (text or JSON), before: called with the request, silent: no answer at all}.
     * With `before` alone the answer is the usual one.
     */
    fail({ method, times = 1, ...fault }) {
        for (let i = 0; i < times; i += 1) this.faults.push({ method, ...fault });
    }

    get writes() {
        return this.requests.filter(({ method }) => method !== "GET").length;
    }

    async #serve(request, response) {
        let text = "";
        for await (const piece of request) text += piece;
        const url = new URL(request.url, this.url);
        this.requests.push({ method: request.method, path: url.pathname, query: url.search, text });
        const at = this.faults.findIndex(({ method }) => !method || method === request.method);
        const [fault] = at < 0 ? [] : this.faults.splice(at, 1);
        fault?.before?.(request);
        if (fault?.silent) return;
        if (fault?.status) return this.#write(response, fault.status, fault.body ?? "", fault.headers);
        try {
            const answer = this.#answer(request, url, text);
            this.#write(response, 200, { success: true, errors: [], messages: [], ...answer });
        } catch (refusal) {
            if (!(refusal instanceof Refusal)) throw refusal;
            const body = { success: false, errors: [refusal.entry], messages: [], result: null };
            this.#write(response, refusal.status, body);
        }
    }

    #write(response, status, body, headers = {}) {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
    }

    #answer(request, url, text) {
        const [, token] = /^Bearer ([\w.~+/-]+=*)$/.exec(request.headers.authorization ?? "") ?? [];
        if (!token) throw badHeader(6111, "Invalid format for Authorization header");
        if (token !== this.token) throw new Refusal(403, 9109, "Invalid access token");
        const { method } = request;
        if (method !== "GET" && this.readOnly) throw new Refusal(403, 10_000, "Authentication error");
        if (text && request.headers["content-type"] !== "application/json")
            throw badHeader(6105, "Invalid Content-Type header, valid values are application/json");
        const parts = url.pathname.slice(base.length + 1).split("/");
        if (!url.pathname.startsWith(`${base}/zones`)) throw new Refusal(400, 7000, "No route for that URI");
        if (parts.length === 1 && method === "GET") return this.#listZones(url.searchParams);
        const zone = this.zones.find((one) => one.id === parts[1]);
        if (!zone || parts[2] !== "dns_records")
            throw new Refusal(404, 7003, `Could not route to ${url.pathname}`);
        if (parts.length === 3 && method === "GET") return this.#listRecords(zone, url.searchParams);
        if (parts.length === 3 && method === "POST") return this.#make(zone, this.#body(text));
        const record = zone.records.find((one) => one.id === parts[3]);
        if (!record) throw new Refusal(404, 81_044, "Record does not exist.");
        if (method === "GET") return { result: record };
        if (method === "PATCH") return this.#change(zone, record, this.#body(text));
        if (method !== "DELETE") throw new Refusal(405, 10_405, "Method not allowed");
        if (text) throw new Refusal(400, 1004, "a DELETE has no body");
        zone.records.splice(zone.records.indexOf(record), 1);
        return { result: { id: record.id } };
    }

    #body(text) {
        let body;
        try {
            body = JSON.parse(text);
        } catch {
            throw new Refusal(400, 9207, "Request body is invalid.");
        }
        knownOnly(Object.keys(body), recordFields, "field");
        return body;
    }

    #listZones(query) {
        knownOnly(query.keys(), zoneQuery, "parameter");
        const wanted = (zone) =>
            (query.get("name") ?? zone.name) === zone.name &&
            (query.get("account.id") ?? zone.account.id) === zone.account.id;
        const shown = this.zones.filter(wanted).map(({ records: _records, ...zone }) => zone);
        return page(shown, query, 5, 50);
    }

    #listRecords(zone, query) {
        knownOnly(query.keys(), recordQuery, "parameter");
        const wanted = (one) =>
            ["name", "type", "content"].every((field) => (query.get(field) ?? one[field]) === one[field]);
        const listed = page(zone.records.filter(wanted), query, 5, 5_000_000);
        return this.countsPages ? listed : uncounted(listed);
    }

    #make(zone, body) {
        for (const field of ["type", "name", "content", "ttl"])
            if (body[field] === undefined) throw invalid(9000, `${field} is missing`);
        const record = { id: newId(), proxied: false, proxiable: true, ...this.#about(), ...body };
        check(record, zone);
        checkBeside(record, zone.records);
        zone.records.push(record);
        return { result: record };
    }

    #change(zone, record, body) {
        if (body.type && body.type !== record.type) throw invalid(9998, "The type is not changed here.");
        const changed = { ...record, ...body };
        check(changed, zone);
        checkBeside(changed, zone.records);
        Object.assign(record, body, { modified_on: new Date().toISOString() });
        return { result: record };
    }
}
