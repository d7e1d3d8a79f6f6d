import { get, patch, post, remove } from '../../lib/api.ts';
import type { Language, SessionInfo, SignedInDevice, Theme, TokenUse, User } from '../../lib/types.ts';

export const accountsApi = {
  session: () => get<SessionInfo>('/api/session'),
  sendCode: (email: string, language: Language) =>
    post<{ delivery: 'smtp' | 'outbox' }>('/api/auth/email', { email, language }),
  enterCode: (email: string, code: string) => post<void>('/api/auth/code', { email, code }),
  useLink: (token: string) => post<void>('/api/auth/link', { token }),
  useInvitation: (token: string) => post<void>('/api/auth/invitation', { token }),
  proveAgain: (code: string) => post<void>('/api/auth/reauthenticate', { code }),
  setUp: (token: string, email: string, name: string) =>
    post<void>('/api/auth/setup', { token, email, name }),
  signOut: () => post<void>('/api/auth/sign-out'),
  update: (change: { name?: string; language?: Language; theme?: Theme }) =>
    patch<User>('/api/me', change),
  usage: () => get<{ tokens: TokenUse }>('/api/usage'),
  devices: () => get<{ sessions: SignedInDevice[] }>('/api/sessions'),
  revoke: (id: string) => remove(`/api/sessions/${id}`),
  revokeOthers: () => remove('/api/sessions'),
};
