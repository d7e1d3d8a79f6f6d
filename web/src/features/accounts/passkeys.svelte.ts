import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Passkey, RecoveryStanding } from '../../lib/types.ts';
import { knowsPasskeys, makePasskey, refusalOf, showPasskey } from '../../lib/webauthn.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { passkeyApi } from './passkey_api.ts';
import { session } from './session.svelte.ts';

export const mostPasskeys = 20;

/** Whether this page can make and use passkeys: the browser knows them, and the server this address. */
export const offersPasskeys = () =>
  knowsPasskeys() && Boolean(session.info?.passkeyOrigins.includes(location.origin));

/** The passkeys and recovery codes of the person who is signed in. */
export class PasskeyList {
  list = $state<Passkey[]>([]);
  recovery = $state<RecoveryStanding | null>(null);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  /** New recovery codes, to be shown once. */
  codes = $state<string[]>([]);
  /** The server wants to be shown again who this is. */
  proofNeeded = $state(false);
  busy = $state(false);

  readonly usableHere = $derived(this.list.some(({ site }) => site === location.hostname));

  async load(): Promise<void> {
    try {
      const [listed, recovery] = await Promise.all([passkeyApi.list(), passkeyApi.recovery()]);
      this.list = listed.passkeys;
      this.recovery = recovery;
      this.state = 'ready';
    } catch (error) {
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }

  add(): Promise<void> {
    return this.#change(async () => {
      const made = await makePasskey(await passkeyApi.creationOptions());
      const { recoveryCodes } = await passkeyApi.add(made);
      if (recoveryCodes) this.codes = recoveryCodes;
      else toasts.show(t('passkeys.added'));
    });
  }

  /** Throws what the dialog says. */
  async rename(id: string, name: string): Promise<void> {
    await passkeyApi.rename(id, name);
    await this.load();
  }

  remove(id: string): Promise<void> {
    return this.#change(async () => {
      await passkeyApi.remove(id);
      toasts.show(t('passkeys.removed'));
    });
  }

  renewRecovery(): Promise<void> {
    return this.#change(async () => {
      this.codes = (await passkeyApi.renewRecovery()).recoveryCodes;
    });
  }

  /** Shows once more who this is, without leaving the page. */
  async prove(): Promise<void> {
    try {
      await passkeyApi.enter(await showPasskey(await passkeyApi.requestOptions()));
      this.proofNeeded = false;
      await session.load();
      toasts.show(t('passkeys.confirmed'));
    } catch (fault) {
      const refused = fault instanceof DOMException || asProblem(fault).status === 401;
      toasts.show(refused ? t('passkeys.refused') : sentence(fault));
    }
  }

  async #change(run: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await run();
      this.proofNeeded = false;
    } catch (fault) {
      this.#say(fault);
    } finally {
      this.busy = false;
    }
    await this.load();
  }

  #say(fault: unknown): void {
    if (fault instanceof DOMException) {
      const refusal = refusalOf(fault);
      if (refusal !== 'cancelled') toasts.show(t(`passkeys.${refusal}`));
      return;
    }
    const { status } = asProblem(fault);
    if (status === 403) this.proofNeeded = true;
    else if (status === 409)
      toasts.show(t(this.list.length >= mostPasskeys ? 'passkeys.full' : 'passkeys.known'));
    else toasts.show(sentence(fault));
  }
}
