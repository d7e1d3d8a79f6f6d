import { askEarly, takeEarly } from './early.ts';
import type { FieldError, ProblemBody } from './types.ts';

/** A refusal of the server, or (status 0) a server that could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly fields: FieldError[];
  readonly requestId: string | undefined;
  readonly retryAfter: number | undefined;
  /** The limits that were passed, of a refusal that names them. */
  readonly policies: string[];

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.detail || body.title || '');
    this.status = status;
    this.slug = body.type?.split('/').pop() ?? '';
    this.fields = body.errors ?? [];
    this.requestId = body.requestId;
    this.retryAfter = retryAfter;
    this.policies = body['violated-policies'] ?? [];
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, {});
}

type StillSignedIn = () => Promise<boolean>;
let stillSignedIn: StillSignedIn = async () => false;

/**
 * Calls `ask` whenever the server says that nobody is signed in. It answers true when the same person still is, by a
 * newer token than the request had: then the request, of which nothing was carried out, is sent once more.
 */
export function onSignedOut(ask: StillSignedIn): void {
  stillSignedIn = ask;
}

export interface CallOptions {
  body?: unknown;
  form?: FormData;
  signal?: AbortSignal;
  accept?: string;
  /** Carry this out only on the version with this tag; otherwise the server refuses with 412. */
  ifMatch?: string | null;
}

/** One request to our server. Throws `Problem`; never returns a failed response. */
export async function call(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Response> {
  const early = method === 'GET' ? await takeEarly(path) : undefined;
  let response = early ?? (await send(method, path, options));
  const signedOut = response.status === 401 && !path.startsWith('/api/auth/');
  if (signedOut && (await stillSignedIn())) response = await send(method, path, options);
  if (response.ok) return response;
  throw await readProblem(response);
}

/** Sends the request for `path` now; the first `call` for it takes the answer, or asks anew when it is no good one. */
export function callSoon(path: string): void {
  askEarly(path, () => send('GET', path, {}));
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: options.accept ?? 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.ifMatch) headers['if-match'] = options.ifMatch;
  try {
    return await fetch(path, {
      method,
      headers,
      body: options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return new Problem(response.status, body, retryAfter);
}

/** A resource, and the tag of the version that was read. */
export interface Tagged<T> {
  value: T;
  tag: string | null;
}

/** A request whose answer is a single resource with its tag. */
export async function tagged<T>(
  method: string,
  path: string,
  options?: CallOptions,
): Promise<Tagged<T>> {
  const response = await call(method, path, options);
  try {
    const value = (response.status === 204 ? undefined : await response.json()) as T;
    return { value, tag: response.headers.get('etag') };
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    throw new Problem(0, {});
  }
}

async function json<T>(method: string, path: string, options?: CallOptions): Promise<T> {
  return (await tagged<T>(method, path, options)).value;
}

export const get = <T>(path: string, signal?: AbortSignal) => json<T>('GET', path, { signal });
export const post = <T>(path: string, body: unknown = {}) => json<T>('POST', path, { body });
export const patch = <T>(path: string, body: unknown) => json<T>('PATCH', path, { body });
export const remove = (path: string) => json<void>('DELETE', path);
export const upload = <T>(path: string, form: FormData) => json<T>('POST', path, { form });

/** Builds a query string from what is set. */
export function query(
  values: Record<string, string | number | boolean | null | undefined>,
): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text ? `?${text}` : '';
}

const mostPages = 100;

/** Every item of the list at `path`, which comes in pages under `name`. */
export async function everything<T>(path: string, name: string): Promise<T[]> {
  const all: T[] = [];
  let after: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const answer: Record<string, unknown> = await get(`${path}${query({ after, limit: 200 })}`);
    all.push(...(answer[name] as T[]));
    after = answer.next as string | null;
    if (!after) break;
  }
  return all;
}
