import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { dayGroup } from '../../lib/format.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Thread } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { tutorApi } from './api.ts';

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

  async load(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      const page = await tutorApi.threads(this.search.trim(), null, request.signal);
      this.list = page.threads;
      this.next = page.next;
      this.state = 'ready';
    } catch (error) {
      if (request.signal.aborted) return;
      this.error = asProblem(error);
      if (this.list.length === 0) this.state = 'failed';
    }
  }

  async more(): Promise<void> {
    try {
      const page = await tutorApi.threads(this.search.trim(), this.next);
      const known = new Set(this.list.map((thread) => thread.id));
      this.list.push(...page.threads.filter((thread) => !known.has(thread.id)));
      this.next = page.next;
    } catch (error) {
      toasts.show(sentence(error));
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

  title(id: string): string {
    return this.list.find((thread) => thread.id === id)?.title ?? '';
  }

  forget(): void {
    this.#request?.abort();
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
