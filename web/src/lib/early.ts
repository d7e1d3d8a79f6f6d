// What the first screen will ask for, asked for while the part of the page that shows it is still on its way.
const asked = new Map<string, Promise<Response>>();

/** Sends a request whose answer `takeEarly` hands out once, when it is a good one. */
export function askEarly(path: string, send: () => Promise<Response>): void {
  const answer = send();
  answer.catch(() => undefined); // whoever wants it asks anew
  asked.set(path, answer);
}

/** The good answer to what was asked early at `path`, for the first who wants it. */
export async function takeEarly(path: string): Promise<Response | undefined> {
  const answer = asked.get(path);
  asked.delete(path);
  const response = await answer?.catch(() => undefined);
  return response?.ok ? response : undefined;
}

/** Nobody is inside, or too late: what was asked early is nobody's. */
export function forgetEarly(): void {
  asked.clear();
}
