import { load, save } from '../../lib/storage.ts';

/** A message that the server has not been seen to take. */
export interface Unsent {
  thread: string;
  id: string;
  text: string;
}

// Messages this tab is sending at this moment: nobody else may take them back meanwhile.
const onTheWay = new Set<string>();

/**
 * What one person wrote in one conversation and the server does not have. It outlives a reload, a lost connection
 * and an ended session, and is shown to nobody else.
 */
export class Drafts {
  readonly #draft: string;
  readonly #unsent: string;

  /** `place` is the conversation, or `new` while it has not begun. */
  constructor(person: string, place: string) {
    this.#draft = `draft:${person}:${place}`;
    this.#unsent = `unsent:${person}:${place}`;
  }

  get text(): string {
    return load(this.#draft) ?? '';
  }

  set text(text: string) {
    save(this.#draft, text);
  }

  /** Keeps `message` until `settle`; while `sending` runs, `unsent` does not offer it. */
  async keepWhile<T>(message: Unsent, sending: () => Promise<T>): Promise<T> {
    save(this.#unsent, JSON.stringify(message));
    onTheWay.add(message.id);
    try {
      return await sending();
    } finally {
      onTheWay.delete(message.id);
    }
  }

  /** What was sent and perhaps never arrived. */
  get unsent(): Unsent | null {
    const found = this.#stored();
    return found && !onTheWay.has(found.id) ? found : null;
  }

  /** The message with this id is safe elsewhere. */
  settle(id: string): void {
    if (this.#stored()?.id === id) save(this.#unsent, null);
  }

  #stored(): Unsent | null {
    try {
      const { thread, id, text } = JSON.parse(load(this.#unsent) ?? 'null') as Unsent;
      return thread && id && text ? { thread, id, text } : null;
    } catch {
      return null;
    }
  }
}
