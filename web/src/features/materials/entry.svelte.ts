import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { load, save } from '../../lib/storage.ts';
import { entriesApi } from './api.ts';

const settle = 900;

/** A text being edited. It saves itself; what is not saved yet survives a reload. */
export class OpenEntry {
  readonly materialId: string;
  readonly id: string;
  title = $state('');
  content = $state('');
  state = $state<'loading' | 'saved' | 'changed' | 'saving' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  saveError = $state('');
  #stored = { title: '', content: '' };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(materialId: string, id: string) {
    this.materialId = materialId;
    this.id = id;
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      const entry = await entriesApi.get(this.materialId, this.id);
      this.title = entry.title;
      this.content = entry.content ?? '';
      this.#stored = { title: this.title, content: this.content };
      this.state = 'saved';
      this.#recover();
    } catch (error) {
      this.error = asProblem(error);
    }
  }

  changed(): void {
    this.state = 'changed';
    save(this.#key, JSON.stringify({ title: this.title, content: this.content }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), settle);
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.state === 'saving') {
      this.#timer = setTimeout(() => void this.save(), settle);
      return;
    }
    const now = { title: this.title.trim(), content: this.content };
    if (!now.title || !now.content.trim()) return;
    if (now.title === this.#stored.title && now.content === this.#stored.content) {
      this.#clean();
      return;
    }
    this.state = 'saving';
    try {
      await entriesApi.update(this.materialId, this.id, now);
      this.#stored = now;
      if (this.content === now.content && this.title.trim() === now.title) this.#clean();
      else this.changed();
    } catch (error) {
      this.state = 'failed';
      this.saveError = sentence(error);
    }
  }

  get #key(): string {
    return `entry:${this.id}`;
  }

  #clean(): void {
    this.state = 'saved';
    save(this.#key, null);
  }

  #recover(): void {
    const kept = load(this.#key);
    if (!kept) return;
    try {
      const { title, content } = JSON.parse(kept) as { title: string; content: string };
      Object.assign(this, { title, content });
      this.changed();
    } catch {
      save(this.#key, null);
    }
  }
}
