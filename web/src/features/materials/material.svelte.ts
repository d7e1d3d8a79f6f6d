import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Entry, Material, MaterialFile } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { entriesApi, filesApi, materialsApi } from './api.ts';

export interface Upload {
  name: string;
  state: 'sending' | 'failed';
  error?: string;
}

/** One material with what it holds. */
export class OpenMaterial {
  readonly id: string;
  info = $state<Material | null>(null);
  entries = $state<Entry[]>([]);
  files = $state<MaterialFile[]>([]);
  uploads = $state<Upload[]>([]);
  error = $state<Problem | null>(null);

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

  async setActive(active: boolean): Promise<void> {
    try {
      this.info = await materialsApi.update(this.id, { active });
    } catch (error) {
      toasts.show(sentence(error));
    }
  }

  /** Sends files one after another; each failure stays visible with its reason. */
  async upload(files: File[]): Promise<void> {
    for (const file of files) {
      this.uploads.push({ name: file.name, state: 'sending' });
      const upload = this.uploads.at(-1) as Upload;
      try {
        const made = await filesApi.upload(this.id, file);
        this.files = [...this.files.filter((other) => other.id !== made.id), made];
        this.uploads = this.uploads.filter((other) => other !== upload);
      } catch (error) {
        upload.state = 'failed';
        upload.error = sentence(error);
      }
    }
  }

  dismiss(upload: Upload): void {
    this.uploads = this.uploads.filter((other) => other !== upload);
  }

  async removeEntry(entry: Entry): Promise<void> {
    await this.#remove(
      entry.title,
      () => entriesApi.remove(this.id, entry.id),
      () => entriesApi.restore(this.id, entry.id),
    );
  }

  async removeFile(file: MaterialFile): Promise<void> {
    await this.#remove(
      file.name,
      () => filesApi.remove(this.id, file.id),
      () => filesApi.restore(this.id, file.id),
    );
  }

  async #remove(title: string, remove: () => Promise<void>, restore: () => Promise<unknown>) {
    try {
      await remove();
      toasts.show(t('materials.deleted', { title }), {
        label: t('common.undo'),
        run: () =>
          void restore().then(
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
