// Reads the mails that a server without SMTP_URL leaves in its outbox folder.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** Every mail of this server, oldest first: {to, subject, text, code, link, token, file, mode}. */
export function mails(server, to) {
    const folder = path.join(server.dataFolder, "outbox");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
        .filter((name) => name.endsWith(".eml"))
        .sort()
        .map((name) => read(path.join(folder, name)))
        .filter((mail) => to === undefined || mail.to === to);
}

/** Mails with a code: others, as the notice of a new device, come at any moment. */
export const codes = (server, to) => mails(server, to).filter(({ code }) => code);

/** Waits until `to` has `count` mails with a code and returns the newest. */
export const newestCode = (server, to, count = 1) => newestMail(server, to, count, codes);

/** Waits until `to` has `count` mails and returns the newest. */
export async function newestMail(server, to, count = 1, list = mails) {
    const deadline = Date.now() + 10_000;
    for (;;) {
        const found = list(server, to);
        if (found.length >= count) return found.at(-1);
        if (Date.now() > deadline)
            throw new Error(`${found.length} of ${count} mails for ${to}\n${server.tail()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

function read(file) {
    const raw = readFileSync(file, "utf8");
    const header = (name) => new RegExp(`^${name}: (.*)$`, "im").exec(raw)?.[1].trim();
    const text = raw.slice(raw.indexOf("text/plain"), raw.indexOf("text/html"));
    const plain = /quoted-printable/.test(text) ? unquote(text) : text;
    const link = /https?:\/\/\S+#\S+/.exec(plain)?.[0];
    return {
        to: header("To"),
        subject: header("Subject"),
        text: plain,
        code: /^\s+(\d{6})\s*$/m.exec(plain)?.[1],
        link,
        token: link?.split("#")[1],
        file,
        mode: statSync(file).mode & 0o777,
    };
}

function unquote(text) {
    return text
        .replace(/=\r?\n/g, "")
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
