// What load-test.yml needs besides: who visits which server, and whether a streamed answer came whole.

/** Before a scenario: the server to visit and the session to visit it with, from the environment. */
export function visitor(context, _events, done) {
    context.vars.base = (process.env.BRAINBYTES_URL || context.vars.target).replace(/\/+$/, "");
    context.vars.cookie = process.env.BRAINBYTES_COOKIE ?? "";
    done();
}

/** For `ifTrue`: a session was given. */
export const signedIn = (vars) => vars.cookie !== "";

/** For `ifTrue`: no session was given. */
export const signedOut = (vars) => vars.cookie === "";

/** After a question: its stream must have come to its end, with text and without an error. */
export function wholeAnswer(_request, response, _context, _events, done) {
    const lines = String(response.body).split("\n");
    const parts = lines.filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice(6)));
    const said = parts.some((part) => part.type === "text-delta" && part.delta);
    const failed = parts.some((part) => part.type === "error" || part.type === "abort");
    const whole = said && !failed && lines.includes("data: [DONE]");
    done(whole ? undefined : new Error("an answer that is not whole"));
}
