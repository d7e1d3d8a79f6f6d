// The CPU that the middleware takes of a request: the program's own, called without a socket (bench/access.cpp).
import path from "node:path";

import { runAs } from "./machine.mjs";

/** {session, middleware, ...} in microseconds, and a remark on each; `subject` is a server with a signed-in person. */
export async function accessCost(root, { database, student }) {
    const program = path.join(root, "build", process.env.PRESET ?? "release", "bench_access");
    const { sockets, role, name } = database;
    const conninfo = `host=${sockets} user=${role} dbname=${name}`;
    const { stdout } = await runAs(sockets, program, [conninfo, student.cookie]);
    const cost = JSON.parse(stdout);
    return {
        ...cost,
        sessionRemark: `a route with a session - one without; the check alone ${cost.sessionAlone}`,
        remark: `session, limit, origin, headers, log, metrics; without a session ${cost.withoutSession}`,
    };
}
