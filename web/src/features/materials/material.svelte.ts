import { announcer } from '../../lib/announce.svelte.ts';
import { asProblem, Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Entry, Material, MaterialFile } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { addressIn, faultOf, isWaiting } from './kinds.ts';
import { entriesApi, filesApi, materialsApi } from './api.ts';
import { sendInPieces, worthPieces } from './resumable.ts';

export interface Upload {
  file: File;
  state: 'sending' | 'failed';
  /** Bytes on their way to the server, or there. */
  sent: number;
  error?: string;
}

function refusalOf(problem: Problem): string {
  const isFull = problem.fields.some(({ pointer }) => ['#/storage', '#/deleted'].includes(pointer));
  return problem.status === 413 && !isFull ? t('rule.fileSize') : sentence(problem);
}

/** One material with what it holds. */
export class OpenMaterial {
  readonly id: string;
  info = $state<Material | null>(null);
  entries = $state<Entry[]>([]);
  files = $state<MaterialFile[]>([]);
  uploads = $state<Upload[]>([]);
  error = $state<Problem | null>(null);
  /** The address in the dialog that asks for a web page, while that is open. */
  pageAddress = $state<string | null>(null);
  readonly reading = $derived(this.files.some(isWaiting));
  #placing = Promise.resolve();

  constructor(id: string) {
    this.id = id;
  }

  async load(): Promise<void> {
    this.error = null;
    const known = new Set(this.files.map((file) => file.id));
    try {
      const [info, entries, files] = await Promise.all([
        materialsApi.get(this.id),
        entriesApi.list(this.id),
        filesApi.list(this.id),
      ]);
      this.info = info;
      this.entries = entries;
      // A file that came in meanwhile may be younger than the list.
      const listed = new Set(files.map((file) => file.id));
      const added = this.files.filter((file) => !known.has(file.id) && !listed.has(file.id));
      this.files = [...files, ...added];
    } catch (error) {
      this.error = asProblem(error);
    }
  }

  /** Looks again and again, for as long as files are being read. The page calls what it returns at its end. */
  watchReading(): () => void {
    let ended = false;
    const look = async () => {
      for (let pause = 1000; !ended; pause = this.reading ? Math.min(pause * 1.2, 10_000) : 1000) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (!ended && this.reading && document.visibilityState === 'visible')
          await this.#renewFiles();
      }
    };
    void look();
    return () => {
      ended = true;
    };
  }

  async #renewFiles(): Promise<void> {
    const asked = new Set(this.files.map((file) => file.id));
    let listed: MaterialFile[];
    try {
      listed = await filesApi.list(this.id);
    } catch (error) {
      if (asProblem(error).status === 404) this.error = asProblem(error);
      return; // else the next look may be luckier
    }
    const now = new Map(listed.map((file) => [file.id, file]));
    for (const before of this.files) {
      const after = now.get(before.id);
      if (!isWaiting(before) || !after) continue;
      if (after.state === 'ready') announcer.say(t('file.isRead', { name: after.name }));
      if (after.state === 'failed') announcer.say(`${after.name}: ${faultOf(after)}`);
    }
    this.files = this.files
      .filter((file) => now.has(file.id) || !asked.has(file.id))
      .map((file) => now.get(file.id) ?? file);
  }

  async readAgain(file: MaterialFile): Promise<void> {
    try {
      const begun = await filesApi.readAgain(this.id, file.id);
      this.files = this.files.map((other) => (other.id === begun.id ? begun : other));
    } catch (error) {
      toasts.show(sentence(error));
    }
  }

  async setActive(active: boolean): Promise<void> {
    try {
      this.info = await materialsApi.update(this.id, { active });
    } catch (error) {
      toasts.show(sentence(error));
    }
  }

  /** Sends files one after another; each failure stays visible with its reason. */
  async upload(files: File[]): Promise<void> {
    const begun = files.map((file) => {
      this.uploads.push({ file, state: 'sending', sent: 0 });
      return this.uploads.at(-1) as Upload;
    });
    for (const upload of begun) await this.send(upload);
  }

  /** Sends a file, or goes on with one that failed. */
  async send(upload: Upload): Promise<void> {
    upload.state = 'sending';
    try {
      const made = await this.#bring(upload);
      this.files = [...this.files.filter((other) => other.id !== made.id), made];
      this.uploads = this.uploads.filter((other) => other !== upload);
    } catch (error) {
      upload.state = 'failed';
      upload.error = refusalOf(asProblem(error));
    }
  }

  async #bring(upload: Upload): Promise<MaterialFile> {
    const { file } = upload;
    if (file.size < worthPieces) return filesApi.upload(this.id, file);
    const id = await sendInPieces(this.id, file, (bytes) => (upload.sent = bytes));
    return filesApi.get(this.id, id);
  }

  /** Opens the dialog for a web page when these words are its address. */
  offerPage(words: string): boolean {
    const address = addressIn(words);
    if (address) this.pageAddress = address;
    return address !== undefined;
  }

  /** Throws what the server refuses, for the dialog to show. */
  async addPage(address: string): Promise<void> {
    const made = await filesApi.addPage(this.id, address);
    this.files = [...this.files.filter((other) => other.id !== made.id), made];
  }

  dismiss(upload: Upload): void {
    this.uploads = this.uploads.filter((other) => other !== upload);
  }

  /** Puts a text one place up (-1) or down (1): here at once, on the server one after the other. */
  reorder(entry: Entry, step: 1 | -1): void {
    const at = this.entries.findIndex((other) => other.id === entry.id);
    const to = at + step;
    if (at < 0 || to < 0 || to >= this.entries.length) return;
    const entries = this.entries.filter((other) => other.id !== entry.id);
    entries.splice(to, 0, entry);
    this.entries = entries;
    announcer.say(t('materials.placed', { title: entry.title, n: to + 1, all: entries.length }));
    const place = async () => {
      try {
        await entriesApi.update(this.id, entry.id, { position: to + 1 });
      } catch (error) {
        toasts.show(sentence(error));
        await this.load();
      }
    };
    this.#placing = this.#placing.then(place);
  }

  moveEntry(entry: Entry, target: Material): Promise<void> {
    const to = (from: string, materialId: string, position?: number) =>
      entriesApi.update(from, entry.id, { materialId, position });
    const at = this.entries.findIndex((other) => other.id === entry.id) + 1;
    return this.#do(
      t('materials.moved', { title: entry.title, target: target.title }),
      () => to(this.id, target.id),
      () => to(target.id, this.id, at),
    );
  }

  moveFile(file: MaterialFile, target: Material): Promise<void> {
    const to = (from: string, materialId: string) => filesApi.update(from, file.id, { materialId });
    return this.#do(
      t('materials.moved', { title: file.name, target: target.title }),
      () => to(this.id, target.id),
      () => to(target.id, this.id),
    );
  }

  /** Throws what the server refuses, for the dialog to show. */
  async renameFile(file: MaterialFile, name: string): Promise<void> {
    const saved = await filesApi.update(this.id, file.id, { name });
    this.files = this.files.map((other) => (other.id === saved.id ? saved : other));
  }

  async removeEntry(entry: Entry): Promise<void> {
    await this.#do(
      t('materials.deleted', { title: entry.title }),
      () => entriesApi.remove(this.id, entry.id),
      () => entriesApi.restore(this.id, entry.id),
    );
  }

  async removeFile(file: MaterialFile): Promise<void> {
    await this.#do(
      t('materials.deleted', { title: file.name }),
      () => filesApi.remove(this.id, file.id),
      () => filesApi.restore(this.id, file.id),
    );
  }

  /** Something that can be taken back. */
  async #do(words: string, run: () => Promise<unknown>, undo: () => Promise<unknown>) {
    try {
      await run();
      toasts.show(words, {
        label: t('common.undo'),
        run: () =>
          void undo().then(
            () => this.load(),
            (error) => toasts.show(sentence(error)),
          ),
      });
    } catch (error) {
      toasts.show(sentence(error));
    }
    await this.load();
  }
}
