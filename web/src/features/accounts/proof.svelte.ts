import { asProblem, Problem } from '../../lib/api.ts';
import { i18n } from '../../lib/i18n.svelte.ts';
import { accountsApi } from './api.ts';
import { session } from './session.svelte.ts';

/** Asks the person for a mailed code when the server wants a new proof of who they are. */
class Proof {
  open = $state(false);
  outbox = $state(false);
  #settle: ((proved: boolean) => void) | null = null;

  get email(): string {
    return session.user?.email ?? '';
  }

  /** Runs `act`; when the server wants a proof first, asks for it and runs `act` once more. */
  async guard<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (asProblem(error).slug !== 'reauthentication-required') throw error;
    }
    if (!(await this.#ask())) throw new Problem(403, { type: '/problems/proof-cancelled' });
    return act();
  }

  async enter(code: string): Promise<void> {
    await accountsApi.proveAgain(code);
    this.#end(true);
  }

  cancel(): void {
    this.#end(false);
  }

  async #ask(): Promise<boolean> {
    const sent = await accountsApi.sendCode(this.email, i18n.language);
    this.outbox = sent.delivery === 'outbox';
    this.open = true;
    return new Promise((resolve) => (this.#settle = resolve));
  }

  #end(proved: boolean): void {
    const settle = this.#settle;
    this.#settle = null;
    this.open = false;
    settle?.(proved);
  }
}

export const proof = new Proof();
