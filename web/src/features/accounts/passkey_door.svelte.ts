import { asProblem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import { offersAutofill, refusalOf, showPasskey, type CredentialJson } from '../../lib/webauthn.ts';
import { passkeyApi } from './passkey_api.ts';
import { session } from './session.svelte.ts';

/** A challenge is good for five minutes: one that waits in a field is replaced before. */
const refresh = 4 * 60_000;

/** Signing in with a passkey: by the button, or by choosing one in the e-mail field. */
export class PasskeyDoor {
  busy = $state(false);
  error = $state<string | null>(null);
  #waiting: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Offers passkeys in the e-mail field where the browser can, until leave(). */
  async wait(): Promise<void> {
    this.leave();
    const waiting = (this.#waiting = new AbortController());
    const left = () => waiting.signal.aborted;
    let shown: CredentialJson;
    try {
      if (!(await offersAutofill()) || left()) return;
      const options = await passkeyApi.requestOptions();
      if (left()) return;
      this.#timer = setTimeout(() => void this.wait(), refresh);
      shown = await showPasskey(options, waiting.signal);
    } catch {
      return; // an extra: the button and the code are there, and say what is wrong
    }
    if (!left()) await this.#enter(shown);
  }

  leave(): void {
    clearTimeout(this.#timer);
    this.#waiting?.abort();
    this.#waiting = null;
  }

  async press(): Promise<void> {
    if (this.busy) return;
    this.leave(); // a browser has one question open at a time
    this.busy = true;
    this.error = null;
    try {
      const shown = await showPasskey(await passkeyApi.requestOptions());
      await this.#enter(shown);
    } catch (fault) {
      this.error = fault instanceof DOMException ? t('passkeys.cancelled') : sentence(fault);
      if (refusalOf(fault) === 'cancelled') void this.wait();
    } finally {
      this.busy = false;
    }
  }

  async #enter(shown: CredentialJson): Promise<void> {
    try {
      await passkeyApi.enter(shown);
      await session.enter();
    } catch (fault) {
      const refused = [401, 422].includes(asProblem(fault).status);
      this.error = refused ? t('passkeys.refused') : sentence(fault);
      void this.wait();
    }
  }
}
