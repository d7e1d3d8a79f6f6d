import { call, get, post, Problem, query, remove, tagged, upload } from '../../lib/api.ts';

export interface Privacy {
  /** Whether the session proved lately who holds it. */
  proved: boolean;
  kept: Record<'sessions' | 'materials' | 'files' | 'fileBytes' | 'chats' | 'messages', number>;
  retention: Retention;
  erasureDays: number;
  archiveBytes: number;
  archive: Archive | null;
}

/** The archive that was asked for last. */
export interface Archive {
  state: 'making' | 'ready' | 'failed';
  askedAt: string;
  readyAt: string | null;
  /** When it is deleted. */
  until: string | null;
  bytes: number | null;
}

/** Months; 0: for ever. */
export interface Retention {
  chatsMonths: number;
  materialsMonths: number;
}

export interface Look {
  at: string;
  action: string;
  by: { kind: 'person' | 'operator'; name: string | null };
}

export type Brought = Record<string, { made: number; present: number }>;

export const privacyApi = {
  mine: () => get<Privacy>('/api/me/privacy'),
  looks: (after: string | null) =>
    get<{ entries: Look[]; next: string | null }>(
      `/api/me/access-log${query({ after, limit: 20 })}`,
    ),
  /** Has an archive made. */
  prepare: () => post<Archive>('/api/me/archive'),
  /** The archive that lies ready. The browser holds it until it is saved: on the disk, when it is large. */
  take: async () => {
    const response = await call('GET', '/api/me/archive', { accept: '*/*' });
    const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
    const archive = await response.blob().catch(() => {
      throw new Problem(0, {}); // cut off on the way
    });
    return { archive, name: named?.[1] ?? 'brainbytes.zip' };
  },
  discard: () => remove('/api/me/archive'),
  bring: (form: FormData) => upload<Brought>('/api/me/import', form),
  leave: async () => (await (await call('DELETE', '/api/me')).json()) as { eraseAt: string },
  retention: () => tagged<Retention>('GET', '/api/admin/retention'),
  /** With the tag of what was read: 412 when another administrator was faster. */
  keep: (body: Retention, ifMatch: string | null) =>
    tagged<Retention>('PATCH', '/api/admin/retention', { body, ifMatch }),
};
