import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { dayGroup } from '../../lib/format.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Thread } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { tutorApi } from './api.ts';

const pageSize = 50;
const largestPage = 200;

/** The newest conversations that fit `search`: one page, or as many as were `shown`. */
async function read(search: string, shown: number, signal: AbortSignal) {
  const threads: Thread[] = [];
  let next: string | null = null;
  do {
    const limit = Math.min(largestPage, Math.max(pageSize, shown - threads.length));
    const page = await tutorApi.threads(search, next, limit, signal);
    threads.push(...page.threads);
    next = page.next;
  } while (next && threads.length < shown);
  return { threads, next };
}

/** The list of conversations beside the chat. */
class Threads {
  list = $state<Thread[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  search = $state('');
  next = $state<string | null>(null);
  groups = $derived(this.#byDay());
  #request: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The search that `list` answers. */
  #found = '';

  /** Reads the list anew, as far down as it was shown. */
  async load(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const search = this.search.trim();
    const same = search === this.#found;
    // Where everything was shown, one conversation more must not hide the last.
    const whole = this.list.length > pageSize && !this.next;
    const shown = same ? this.list.length + (whole ? pageSize : 0) : 0;
    try {
      const { threads, next } = await read(search, shown, request.signal);
      this.list = threads;
      this.next = next;
      this.#found = search;
      this.state = 'ready';
    } catch (error) {
      if (request.signal.aborted) return;
      this.error = asProblem(error);
      // What answered another search must not look like the answer to this one.
      if (!same) this.list = [];
      if (this.list.length === 0) this.state = 'failed';
    }
  }

  async more(): Promise<void> {
    const request = this.#request;
    try {
      const page = await tutorApi.threads(this.#found, this.next, pageSize, request?.signal);
      if (request !== this.#request) return;
      const known = new Set(this.list.map((thread) => thread.id));
      this.list.push(...page.threads.filter((thread) => !known.has(thread.id)));
      this.next = page.next;
    } catch (error) {
      if (request === this.#request) toasts.show(sentence(error));
    }
  }

  find(text: string): void {
    this.search = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), 200);
  }

  async rename(thread: Thread, title: string): Promise<void> {
    const before = thread.title;
    this.#put(thread.id, { title });
    try {
      await tutorApi.update(thread.id, { title });
    } catch (error) {
      this.#put(thread.id, { title: before });
      toasts.show(sentence(error));
    }
  }

  async remove(thread: Thread): Promise<void> {
    this.list = this.list.filter((other) => other.id !== thread.id);
    try {
      await tutorApi.remove(thread.id);
      toasts.show(t('threads.deleted', { title: thread.title || t('chat.untitled') }), {
        label: t('common.undo'),
        run: () => void this.#restore(thread.id),
      });
    } catch (error) {
      toasts.show(sentence(error));
      await this.load();
    }
  }

  /** The title as the list shows it, if the conversation is in it. */
  title(id: string): string | undefined {
    return this.list.find((thread) => thread.id === id)?.title;
  }

  forget(): void {
    this.#request?.abort();
    clearTimeout(this.#timer);
    this.#found = '';
    this.list = [];
    this.search = '';
    this.next = null;
    this.state = 'loading';
  }

  async #restore(id: string): Promise<void> {
    try {
      await tutorApi.restore(id);
      toasts.show(t('common.restored'));
    } catch (error) {
      toasts.show(sentence(error));
    }
    await this.load();
  }

  #put(id: string, change: Partial<Thread>): void {
    this.list = this.list.map((thread) => (thread.id === id ? { ...thread, ...change } : thread));
  }

  #byDay(): { label: string; threads: Thread[] }[] {
    const groups: { label: string; threads: Thread[] }[] = [];
    for (const thread of this.list) {
      const label = dayGroup(thread.updatedAt);
      const last = groups.at(-1);
      if (last?.label === label) last.threads.push(thread);
      else groups.push({ label, threads: [thread] });
    }
    return groups;
  }
}

export const threads = new Threads();
