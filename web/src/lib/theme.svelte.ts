import { load, save } from './storage.ts';
import type { Theme } from './types.ts';

class ThemeChoice {
  current = $state<Theme>((load('theme') as Theme | null) ?? 'system');

  set(theme: Theme): void {
    this.current = theme;
    save('theme', theme === 'system' ? null : theme);
    this.apply();
  }

  apply(): void {
    if (this.current === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.current;
    // The browser's own bar around the page follows as well.
    for (const colour of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
      const of = colour.dataset.theme ?? '';
      const chosen = of === this.current ? 'all' : 'not all';
      colour.media = this.current === 'system' ? `(prefers-color-scheme: ${of})` : chosen;
    }
  }
}

export const theme = new ThemeChoice();
theme.apply();
