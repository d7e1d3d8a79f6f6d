import { tick } from 'svelte';
import { asProblem, Problem } from '../../lib/api.ts';
import { i18n } from '../../lib/i18n.svelte.ts';
import { showPasskey } from '../../lib/webauthn.ts';
import { accountsApi } from './api.ts';
import { offersPasskeys, passkeyApi } from './passkey_api.ts';
import { session } from './session.svelte.ts';

async function hasPasskeyHere(): Promise<boolean> {
  if (!offersPasskeys()) return false;
  return (await passkeyApi.list()).passkeys.some(({ site }) => site === location.hostname);
}

/** Asks the person for a mailed code or a passkey when the server wants a new proof of who they are. */
class Proof {
  open = $state(false);
  outbox = $state(false);
  /** Whether a code was sent. Without one there is a passkey. */
  mailed = $state(false);
  /** Whether the person has a passkey that works here. */
  passkey = $state(false);
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

  /** Throws a DOMException when the browser shows none. The passkey may be somebody else's: then nothing goes on. */
  async showPasskey(): Promise<void> {
    const asked = session.user?.id;
    await passkeyApi.enter(await showPasskey(await passkeyApi.requestOptions()));
    await session.load();
    await tick(); // what is said to somebody else is forgotten when who is signed in changes
    this.#end(!session.error && session.user?.id === asked);
  }

  cancel(): void {
    this.#end(false);
  }

  async #ask(): Promise<boolean> {
    const [sent, passkey] = await Promise.allSettled([
      accountsApi.sendCode(this.email, i18n.language),
      hasPasskeyHere(),
    ]);
    this.passkey = passkey.status === 'fulfilled' && passkey.value;
    this.mailed = sent.status === 'fulfilled';
    if (sent.status === 'rejected' && !this.passkey) throw sent.reason;
    this.outbox = sent.status === 'fulfilled' && sent.value.delivery === 'outbox';
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
