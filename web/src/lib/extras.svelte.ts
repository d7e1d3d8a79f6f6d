import { t } from './i18n.svelte.ts';

type RenderMath = (tex: string, display: boolean) => string;
type RenderCode = (text: string, language: string) => string | null;

/** Maths and highlighting are large: they are fetched when a text first needs them. */
class Extras {
  math = $state.raw<RenderMath | null>(null);
  code = $state.raw<RenderCode | null>(null);
  #wanted = new Set<string>();

  /** Changes when a renderer arrives, so that what was shown plainly is rendered again. */
  get version(): number {
    return (this.math ? 1 : 0) + (this.code ? 2 : 0);
  }

  get sourceLabel(): string {
    return t('chat.source');
  }

  get doubtLabel(): string {
    return t('chat.notFound');
  }

  get copyLabel(): string {
    return t('common.copy');
  }

  wantMath(): void {
    this.#once('math', async () => (this.math = (await import('./math.ts')).renderMath));
  }

  wantCode(): void {
    this.#once('code', async () => (this.code = (await import('./highlight.ts')).highlight));
  }

  #once(name: string, load: () => Promise<unknown>): void {
    if (this.#wanted.has(name)) return;
    this.#wanted.add(name);
    load().catch(() => this.#wanted.delete(name));
  }
}

export const extras = new Extras();
