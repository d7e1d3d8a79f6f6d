import { asProblem, type Problem } from '../../lib/api.ts';

interface Page<T> {
  items: T[];
  next: string | null;
}

/** A list that comes in pages. A newer load makes the answer to an older one of no interest. */
export class Paged<T> {
  items = $state<T[]>([]);
  next = $state<string | null>(null);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  #fetch: (after: string | null) => Promise<Page<T>>;
  #turn = 0;

  constructor(fetch: (after: string | null) => Promise<Page<T>>) {
    this.#fetch = fetch;
  }

  load(): Promise<void> {
    return this.#read(null);
  }

  more(): Promise<void> {
    return this.#read(this.next);
  }

  async #read(after: string | null): Promise<void> {
    const turn = (this.#turn += 1);
    try {
      const page = await this.#fetch(after);
      if (turn !== this.#turn) return;
      this.items = after === null ? page.items : [...this.items, ...page.items];
      this.next = page.next;
      this.state = 'ready';
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }
}
