import { asProblem, query, type Problem } from '../../lib/api.ts';
import type { SearchResult } from '../../lib/types.ts';
import { searchApi, type Wanted } from './api.ts';

/** One search over materials and conversations; only the newest question counts. */
export class Search {
  results = $state<SearchResult[]>([]);
  state = $state<'empty' | 'loading' | 'ready' | 'failed'>('empty');
  error = $state<Problem | null>(null);
  #request: AbortController | null = null;

  async find(wanted: Wanted): Promise<void> {
    this.#request?.abort();
    if (!wanted.q.trim()) {
      this.results = [];
      this.state = 'empty';
      return;
    }
    const request = new AbortController();
    this.#request = request;
    this.state = 'loading';
    try {
      this.results = (await searchApi.find(wanted, request.signal)).results;
      this.state = 'ready';
    } catch (error) {
      if (request.signal.aborted) return;
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }
}

/** What an address of the screen asks for; one material is a choice among the materials. */
export function wantedIn(address: URLSearchParams): Wanted {
  const material = address.get('material');
  const named = address.get('in');
  const place = material
    ? 'materials'
    : named === 'materials' || named === 'threads'
      ? named
      : null;
  return { q: address.get('q') ?? '', place, material };
}

export function addressOf({ q, place, material }: Wanted): string {
  return `/search${query({ q: q.trim(), in: material ? null : place, material })}`;
}

export function placeOf(result: SearchResult): string {
  const { kind, materialId, threadId, messageId } = result;
  if (kind === 'material') return `/materials/${materialId}`;
  if (kind === 'thread') return `/chat/${threadId}`;
  if (kind === 'message') return `/chat/${threadId}${messageId ? `#m-${messageId}` : ''}`;
  const range = `?start=${result.start}&end=${result.end}`;
  const child = kind === 'entry' ? `entries/${result.entryId}` : `files/${result.fileId}`;
  return `/materials/${materialId}/${child}${range}`;
}
