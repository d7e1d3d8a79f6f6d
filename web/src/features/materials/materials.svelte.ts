import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Material, Subject } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { materialsApi, subjectsApi } from './api.ts';

/** A subject with its materials; without an id, those that have no subject. */
export interface Group {
  id: string | null;
  name: string;
  materials: Material[];
}

/** All materials of the person, by subject. */
class Materials {
  list = $state<Material[]>([]);
  subjects = $state<Subject[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  groups = $derived(this.#bySubject());
  #person = 0;

  async load(): Promise<void> {
    const person = this.#person;
    if (this.list.length === 0) this.state = 'loading';
    try {
      const [all, subjects] = await Promise.all([materialsApi.list(), subjectsApi.list()]);
      if (person !== this.#person) return;
      this.list = all;
      this.subjects = subjects;
      this.state = 'ready';
    } catch (error) {
      if (person !== this.#person) return;
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }

  async setActive(material: Material, active: boolean): Promise<void> {
    this.put({ ...material, active });
    try {
      this.put(await materialsApi.update(material.id, { active }));
    } catch (error) {
      this.put(material);
      toasts.show(sentence(error));
    }
  }

  async remove(material: Material): Promise<boolean> {
    const before = this.list;
    this.list = this.list.filter((other) => other.id !== material.id);
    try {
      await materialsApi.remove(material.id);
    } catch (error) {
      this.list = before;
      toasts.show(sentence(error));
      return false;
    }
    toasts.show(t('materials.deleted', { title: material.title }), {
      label: t('common.undo'),
      run: () => void this.#restore(material.id),
    });
    return true;
  }

  /** Somebody else may come: nothing of this person stays, nor arrives later. */
  forget(): void {
    this.#person += 1;
    this.list = [];
    this.subjects = [];
    this.state = 'loading';
  }

  /** Throws what the server refuses, for the dialog to show. */
  async renameSubject(id: string, name: string): Promise<void> {
    await subjectsApi.rename(id, name);
    await this.load();
  }

  /** The materials of the subject stay, without one. */
  async removeSubject(id: string, name: string): Promise<void> {
    try {
      await subjectsApi.remove(id);
      toasts.show(t('materials.deleted', { title: name }));
    } catch (error) {
      toasts.show(sentence(error));
    }
    await this.load();
  }

  put(material: Material): void {
    this.list = this.list.map((other) => (other.id === material.id ? material : other));
  }

  async #restore(id: string): Promise<void> {
    try {
      await materialsApi.restore(id);
      toasts.show(t('common.restored'));
    } catch (error) {
      toasts.show(sentence(error));
    }
    await this.load();
  }

  #bySubject(): Group[] {
    const groups = new Map<string | null, Group>();
    for (const { id, name } of this.subjects) groups.set(id, { id, name, materials: [] });
    for (const material of this.list) {
      const id = material.subjectId;
      if (!groups.has(id)) groups.set(id, { id, name: material.subject ?? '', materials: [] });
      groups.get(id)?.materials.push(material);
    }
    return [...groups.values()].sort(
      (a, b) => Number(a.id === null) - Number(b.id === null) || a.name.localeCompare(b.name),
    );
  }
}

export const materials = new Materials();
