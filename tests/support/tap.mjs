// A wire between the server and somebody else's model that notes when the server lets go.
import { connect, createServer } from "node:net";

/** Forwards connections to `target` (a URL): {url, open, closedAt, close()}. */
export async function startTap(target) {
    const { hostname, port, pathname } = new URL(target);
    const tap = { open: 0, closedAt: 0 };
    const sockets = new Set();
    const server = createServer((near) => {
        const far = connect(Number(port), hostname);
        tap.open += 1;
        sockets.add(near).add(far);
        near.pipe(far);
        far.pipe(near);
        const end = () => {
            near.destroy();
            far.destroy();
        };
        near.once("end", () => (tap.closedAt = Date.now()));
        near.once("close", () => {
            tap.open -= 1;
            tap.closedAt ||= Date.now();
            end();
        });
        near.on("error", end);
        far.on("error", end).on("close", end);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    tap.url = `http://127.0.0.1:${server.address().port}${pathname}`;
    tap.close = () => {
        for (const socket of sockets) socket.destroy();
        return new Promise((resolve) => server.close(resolve));
    };
    return tap;
}
