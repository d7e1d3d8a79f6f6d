import { sentence } from '../../lib/failure.ts';
import type { CompletionAction, Language } from '../../lib/types.ts';
import { complete } from './api.ts';

/** What the tutor proposes for a piece of the text being edited. */
export class Suggestion {
  state = $state<'none' | 'writing' | 'ready' | 'failed'>('none');
  action = $state<CompletionAction>('continue');
  text = $state('');
  error = $state('');
  #abort: AbortController | null = null;
  #again: () => void = () => undefined;

  async ask(action: CompletionAction, text: string, language?: Language): Promise<void> {
    this.clear();
    if (!text.trim()) return;
    this.action = action;
    this.#again = () => void this.ask(action, text, language);
    const abort = new AbortController();
    this.#abort = abort;
    this.state = 'writing';
    try {
      await complete({ action, text, language }, abort.signal, (delta) => (this.text += delta));
      if (!abort.signal.aborted) this.state = 'ready';
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = sentence(error);
      this.state = 'failed';
    }
  }

  retry(): void {
    this.#again();
  }

  clear(): void {
    this.#abort?.abort();
    this.state = 'none';
    this.text = '';
  }
}
