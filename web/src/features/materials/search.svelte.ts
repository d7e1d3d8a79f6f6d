import { asProblem, type Problem } from '../../lib/api.ts';
import type { SearchResult } from '../../lib/types.ts';
import { searchApi } from './api.ts';

/** One search over materials and conversations; only the newest question counts. */
export class Search {
  results = $state<SearchResult[]>([]);
  state = $state<'empty' | 'loading' | 'ready' | 'failed'>('empty');
  error = $state<Problem | null>(null);
  #request: AbortController | null = null;

  async find(q: string): Promise<void> {
    this.#request?.abort();
    if (!q.trim()) {
      this.results = [];
      this.state = 'empty';
      return;
    }
    const request = new AbortController();
    this.#request = request;
    this.state = 'loading';
    try {
      this.results = (await searchApi.find(q.trim(), request.signal)).results;
      this.state = 'ready';
    } catch (error) {
      if (request.signal.aborted) return;
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }
}

export function placeOf(result: SearchResult): string {
  if (result.kind === 'message') {
    const hash = result.messageId ? `#m-${result.messageId}` : '';
    return `/chat/${result.threadId}${hash}`;
  }
  const range = `?start=${result.start}&end=${result.end}`;
  const child = result.kind === 'entry' ? `entries/${result.entryId}` : `files/${result.fileId}`;
  return `/materials/${result.materialId}/${child}${range}`;
}
