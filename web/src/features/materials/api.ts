import {
  call,
  everything,
  get,
  patch,
  post,
  Problem,
  query,
  remove,
  tagged,
  upload,
} from '../../lib/api.ts';
import { parsePart } from '../../lib/parts.ts';
import { events } from '../../lib/sse.ts';
import type {
  CompletionAction,
  Entry,
  Language,
  Material,
  MaterialFile,
  SearchResult,
  Subject,
} from '../../lib/types.ts';

type MaterialChange = {
  title?: string;
  subject?: string | null;
  description?: string;
  active?: boolean;
};
type EntryChange = { title?: string; content?: string; position?: number; materialId?: string };
type FileChange = { name?: string; materialId?: string };
const of = (materialId: string) => `/api/materials/${materialId}`;

export const subjectsApi = {
  list: () => everything<Subject>('/api/subjects', 'subjects'),
  rename: (id: string, name: string) => patch<Subject>(`/api/subjects/${id}`, { name }),
  remove: (id: string) => remove(`/api/subjects/${id}`),
};

export const materialsApi = {
  list: () => everything<Material>('/api/materials', 'materials'),
  get: (id: string) => get<Material>(of(id)),
  create: (material: { title: string } & MaterialChange) =>
    post<Material>('/api/materials', material),
  update: (id: string, change: MaterialChange) => patch<Material>(of(id), change),
  remove: (id: string) => remove(of(id)),
  restore: (id: string) => post<Material>(`${of(id)}/restore`),
};

export const entriesApi = {
  list: (materialId: string) => everything<Entry>(`${of(materialId)}/entries`, 'entries'),
  get: (materialId: string, id: string) => tagged<Entry>('GET', `${of(materialId)}/entries/${id}`),
  create: (materialId: string, entry: { title: string; content: string }) =>
    post<Entry>(`${of(materialId)}/entries`, entry),
  /** With a tag: only when nobody has changed it since (412 otherwise). */
  update: (materialId: string, id: string, change: EntryChange, ifMatch?: string | null) =>
    tagged<Entry>('PATCH', `${of(materialId)}/entries/${id}`, { body: change, ifMatch }),
  remove: (materialId: string, id: string) => remove(`${of(materialId)}/entries/${id}`),
  restore: (materialId: string, id: string) =>
    post<Entry>(`${of(materialId)}/entries/${id}/restore`),
};

export const filesApi = {
  list: (materialId: string) => everything<MaterialFile>(`${of(materialId)}/files`, 'files'),
  get: (materialId: string, id: string) => get<MaterialFile>(`${of(materialId)}/files/${id}`),
  contentPath: (materialId: string, id: string) => `${of(materialId)}/files/${id}/content`,
  update: (materialId: string, id: string, change: FileChange) =>
    patch<MaterialFile>(`${of(materialId)}/files/${id}`, change),
  remove: (materialId: string, id: string) => remove(`${of(materialId)}/files/${id}`),
  restore: (materialId: string, id: string) =>
    post<MaterialFile>(`${of(materialId)}/files/${id}/restore`),
  readAgain: (materialId: string, id: string) =>
    post<MaterialFile>(`${of(materialId)}/files/${id}/read`),
  addPage: (materialId: string, url: string) =>
    post<MaterialFile>(`${of(materialId)}/pages`, { url }),
  upload(materialId: string, file: File): Promise<MaterialFile> {
    const form = new FormData();
    form.append('file', file, file.name);
    return upload<MaterialFile>(`${of(materialId)}/files`, form);
  },
};

/** What is looked for, and where: without a place in everything, with a material in that one alone. */
export interface Wanted {
  q: string;
  place: 'materials' | 'threads' | null;
  material: string | null;
}

export const searchApi = {
  find: ({ q, place, material }: Wanted, signal: AbortSignal) =>
    get<{ results: SearchResult[] }>(
      `/api/search${query({ q: q.trim(), in: place ?? 'materials,threads', material, limit: 40 })}`,
      signal,
    ),
};

export interface CompletionRequest {
  action: CompletionAction;
  text: string;
  language?: Language;
}

/** Asks for a piece of writing and hands over each bit of it as it arrives. */
export async function complete(
  request: CompletionRequest,
  signal: AbortSignal,
  take: (delta: string) => void,
): Promise<void> {
  const response = await call('POST', '/api/completion', {
    body: request,
    signal,
    accept: 'text/event-stream',
  });
  if (!response.body) throw new Problem(0, {});
  for await (const batch of events(response.body)) {
    for (const part of batch.map(parsePart)) {
      if (part?.type === 'text-delta') take(part.delta ?? '');
      if (part?.type === 'error') throw new Problem(502, { type: 'writing-help' });
      if (part?.type === 'done') return;
    }
  }
  if (!signal.aborted) throw new Problem(0, {});
}
