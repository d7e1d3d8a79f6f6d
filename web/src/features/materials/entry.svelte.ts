import { asProblem, type Problem, type Tagged } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import type { Entry } from '../../lib/types.ts';
import { entriesApi } from './api.ts';
import { loadDraft, same, saveDraft, signOf, type Wording } from './draft.ts';

const settle = 900;
const mostSent = 4;
const wordingOf = (entry: Entry): Wording => ({ title: entry.title, content: entry.content ?? '' });

/**
 * A text being edited. It saves itself; what is not saved yet survives a reload. What somebody wrote elsewhere
 * meanwhile is never overwritten unasked: it stands in `theirs` until `keepMine` or `takeTheirs`.
 */
export class OpenEntry {
  readonly materialId: string;
  readonly id: string;
  title = $state('');
  content = $state('');
  state = $state<'loading' | 'saved' | 'changed' | 'saving' | 'failed' | 'conflict'>('loading');
  error = $state<Problem | null>(null);
  saveError = $state('');
  theirs = $state.raw<Wording | null>(null);
  #stored: Wording = { title: '', content: '' };
  #tag: string | null = null;
  /** Signs of wordings that are ours: the one read last, then those sent whose answer is still out. */
  #ours: string[] = [];
  #saving = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(materialId: string, id: string) {
    this.materialId = materialId;
    this.id = id;
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      this.#take(await entriesApi.get(this.materialId, this.id));
      Object.assign(this, this.#stored);
      this.state = 'saved';
      this.#recover();
    } catch (error) {
      this.error = asProblem(error);
    }
  }

  /** After each change by the person. */
  changed(): void {
    this.#keep();
    if (this.state === 'conflict') return;
    if (!this.#saving) this.state = 'changed';
    this.#soon();
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    // A save under way looks itself, at its end, whether there is more to save.
    if (this.#saving || this.state === 'loading' || this.state === 'conflict') return;
    const now = this.#now();
    if (same(now, this.#stored)) return this.#clean();
    if (!now.title) return;
    this.#saving = true;
    this.state = 'saving';
    try {
      await this.#send(now);
      this.#settled();
    } catch (error) {
      this.saveError = sentence(error);
      this.state = 'failed';
    } finally {
      this.#saving = false;
    }
  }

  /** In a conflict: what stands here replaces what was written elsewhere. */
  keepMine(): void {
    this.theirs = null;
    this.state = 'changed';
    this.#keep();
    void this.save();
  }

  /** In a conflict: gives up what stands here. */
  takeTheirs(): void {
    if (this.theirs) Object.assign(this, this.theirs);
    this.theirs = null;
    this.#clean();
  }

  #now(): Wording {
    return { title: this.title.trim(), content: this.content };
  }

  async #send(now: Wording): Promise<void> {
    const [base, ...sent] = this.#ours;
    this.#ours = [base ?? '', ...sent.slice(-mostSent), signOf(now)];
    this.#keep();
    try {
      await this.#update(now);
    } catch (error) {
      if (asProblem(error).status !== 412) throw error;
      await this.#compare(now);
    }
  }

  async #update(now: Wording): Promise<void> {
    this.#take(await entriesApi.update(this.materialId, this.id, now, this.#tag));
    this.#stored = now;
  }

  /** Another version is stored by now. Words of ours, or the same words at another place, are no conflict. */
  async #compare(now: Wording): Promise<void> {
    const newest = await entriesApi.get(this.materialId, this.id);
    const words = wordingOf(newest.value);
    const ours = this.#ours.includes(signOf(words));
    this.#take(newest);
    if (!ours) this.theirs = same(words, this.#now()) ? null : words;
    else if (!same(words, now)) await this.#update(now);
  }

  #settled(): void {
    if (this.theirs) {
      this.state = 'conflict';
    } else if (same(this.#now(), this.#stored)) {
      this.#clean();
    } else {
      this.state = 'changed';
      this.#keep();
      this.#soon();
    }
  }

  #take({ value, tag }: Tagged<Entry>): void {
    this.#stored = wordingOf(value);
    this.#ours = [signOf(this.#stored)];
    this.#tag = tag;
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), settle);
  }

  get #key(): string {
    return `entry:${this.id}`;
  }

  #keep(): void {
    // A draft in conflict began from nothing that is stored: opened again, it asks again.
    const base = this.theirs ? [] : this.#ours;
    saveDraft(this.#key, { title: this.title, content: this.content, base });
  }

  #clean(): void {
    this.state = 'saved';
    saveDraft(this.#key, null);
  }

  #recover(): void {
    const draft = loadDraft(this.#key);
    if (!draft) return;
    this.title = draft.title;
    this.content = draft.content;
    if (same(this.#now(), this.#stored)) return this.#clean();
    if (this.#ours.some((sign) => draft.base.includes(sign))) return this.changed();
    this.theirs = this.#stored;
    this.state = 'conflict';
  }
}
