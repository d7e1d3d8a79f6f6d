import { get, patch, post, remove } from '../../lib/api.ts';
import type { Passkey, RecoveryStanding } from '../../lib/types.ts';
import {
  knowsPasskeys,
  type CreationOptions,
  type CredentialJson,
  type RequestOptions,
} from '../../lib/webauthn.ts';
import { session } from './session.svelte.ts';

/** Whether this page can make and use passkeys: the browser knows them, and the server this address. */
export const offersPasskeys = () =>
  knowsPasskeys() && Boolean(session.info?.passkeyOrigins.includes(location.origin));

export const passkeyApi = {
  list: () => get<{ passkeys: Passkey[] }>('/api/passkeys'),
  creationOptions: () => post<CreationOptions>('/api/passkeys/options'),
  add: (credential: CredentialJson) =>
    post<{ passkey: Passkey; recoveryCodes: string[] | null }>('/api/passkeys', { credential }),
  rename: (id: string, name: string) => patch<Passkey>(`/api/passkeys/${id}`, { name }),
  remove: (id: string) => remove(`/api/passkeys/${id}`),
  requestOptions: () => post<RequestOptions>('/api/auth/passkey/options'),
  enter: (credential: CredentialJson) => post<void>('/api/auth/passkey', { credential }),
  recovery: () => get<RecoveryStanding>('/api/recovery-codes'),
  renewRecovery: () => post<{ recoveryCodes: string[] }>('/api/recovery-codes'),
  recover: (email: string, code: string) =>
    post<{ recoveryCodesLeft: number }>('/api/auth/recovery', { email, code }),
};
