import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { Passkey, RecoveryStanding } from '../../lib/types.ts';
import { makePasskey, refusalOf } from '../../lib/webauthn.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { passkeyApi } from './passkey_api.ts';
import { proof } from './proof.svelte.ts';

export const mostPasskeys = 20;

/** The passkeys and recovery codes of the person who is signed in. */
export class PasskeyList {
  list = $state<Passkey[]>([]);
  recovery = $state<RecoveryStanding | null>(null);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);
  /** New recovery codes, to be shown once. */
  codes = $state<string[]>([]);
  busy = $state(false);

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
      const options = await proof.guard(() => passkeyApi.creationOptions());
      const made = await makePasskey(options);
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
      await proof.guard(() => passkeyApi.remove(id));
      toasts.show(t('passkeys.removed'));
    });
  }

  renewRecovery(): Promise<void> {
    return this.#change(async () => {
      this.codes = (await proof.guard(() => passkeyApi.renewRecovery())).recoveryCodes;
    });
  }

  async #change(run: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await run();
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
    if (asProblem(fault).status === 409)
      toasts.show(t(this.list.length >= mostPasskeys ? 'passkeys.full' : 'passkeys.known'));
    else toasts.show(sentence(fault));
  }
}
