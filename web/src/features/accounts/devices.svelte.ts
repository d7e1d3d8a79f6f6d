import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import type { SignedInDevice } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { accountsApi } from './api.ts';

/** Where the person is signed in. */
export class DeviceList {
  list = $state<SignedInDevice[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state<Problem | null>(null);

  async load(): Promise<void> {
    try {
      this.list = (await accountsApi.devices()).sessions;
      this.state = 'ready';
    } catch (error) {
      this.error = asProblem(error);
      this.state = 'failed';
    }
  }

  revoke(id: string): Promise<void> {
    return this.#end(() => accountsApi.revoke(id));
  }

  revokeOthers(): Promise<void> {
    return this.#end(() => accountsApi.revokeOthers());
  }

  async #end(run: () => Promise<void>): Promise<void> {
    try {
      await run();
      toasts.show(t('devices.ended'));
    } catch (error) {
      toasts.show(sentence(error));
    }
    await this.load();
  }
}
