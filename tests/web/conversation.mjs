// What the tests of the chat do again and again: open it, say something, wait for the end of a reply.

/** Opens the chat as this person, on a new visitor's browser. */
export async function openChat(browser, server, email, options = {}, place = "/chat") {
    const person = await server.as(email);
    const page = await browser.visitor(server, { cookie: person.cookie, ...options });
    await page.goto(place);
    await page.getByLabel("Your message").waitFor();
    return { page, person };
}

export const composer = (page) => page.getByLabel("Your message");

export async function say(page, text) {
    await composer(page).fill(text);
    await page.getByRole("button", { name: "Send", exact: true }).click();
}

export const reply = (page) => page.getByRole("article", { name: "BrainBytes" }).last();
export const said = (page) => reply(page).locator(".markdown").textContent();

/** Waits until nothing is being written: the newest reply can be asked for anew, and nothing can be stopped. */
export const finished = (page, timeout = 60_000) =>
    page.waitForFunction(
        () => {
            const again = [...document.querySelectorAll('[aria-label="Answer again"]')].at(-1);
            return again && !again.disabled && !document.querySelector('[aria-label="Stop"]');
        },
        undefined,
        { timeout },
    );

export const stopped = (page) => reply(page).getByText("You stopped this reply.").waitFor();

/** Waits for what the composer holds. */
export const holds = (page, text) =>
    page.waitForFunction(
        (wanted) => document.querySelector("form.composer textarea")?.value === wanted,
        text,
    );

/** The messages of the conversation that is open, as the server has them. */
export async function stored(page, person) {
    const { json } = await person.request(`/api/threads/${page.url().split("/").pop()}/messages`);
    return json.messages.map((message) => ({ role: message.role, text: textOf(message) }));
}

const textOf = (message) => message.parts.map((part) => part.text ?? "").join("");

/** Where the keyboard is: the name of the element in focus. */
export const focused = (page) =>
    page.evaluate(() => {
        const at = document.activeElement;
        return at.getAttribute("aria-label") ?? (at.id || at.textContent.trim() || at.tagName);
    });

export const focusedOn = (page, name) =>
    page.waitForFunction((wanted) => {
        const at = document.activeElement;
        return (at.getAttribute("aria-label") ?? (at.id || at.textContent.trim())) === wanted;
    }, name);
