import { get, patch, post, remove } from '../../lib/api.ts';
import type {
  ApiKey,
  Claim,
  Identity,
  KeyScope,
  Language,
  MadeKey,
  NoticeChoices,
  SessionInfo,
  SignedInDevice,
  Theme,
  TokensToday,
  User,
} from '../../lib/types.ts';

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
  claim: () => get<Claim>('/api/auth/github/claim'),
  confirmClaim: (code: string) => post<void>('/api/auth/github/claim', { code }),
  identities: () => get<{ identities: Identity[] }>('/api/me/identities'),
  linkGithub: () => post<{ location: string }>('/api/me/identities/github'),
  unlinkGithub: () => remove('/api/me/identities/github'),
  keys: () => get<{ keys: ApiKey[] }>('/api/keys'),
  makeKey: (name: string, scopes: KeyScope[], days: number) =>
    post<MadeKey>('/api/keys', { name, scopes, days }),
  revokeKey: (id: string) => remove(`/api/keys/${id}`),
  askAddress: (email: string) =>
    post<{ delivery: 'smtp' | 'outbox' }>('/api/me/address', { email }),
  confirmAddress: (code: string) => post<void>('/api/me/address/confirm', { code }),
  notices: () => get<NoticeChoices>('/api/me/notices'),
  changeNotices: (change: Partial<NoticeChoices>) =>
    patch<NoticeChoices>('/api/me/notices', change),
  unsubscribe: (token: string) =>
    post<void>(`/api/mail/unsubscribe?token=${encodeURIComponent(token)}`),
  signOut: () => post<void>('/api/auth/sign-out'),
  update: (change: { name?: string; language?: Language; theme?: Theme }) =>
    patch<User>('/api/me', change),
  usage: () => get<{ tokens: TokensToday }>('/api/usage'),
  devices: () => get<{ sessions: SignedInDevice[] }>('/api/sessions'),
  revoke: (id: string) => remove(`/api/sessions/${id}`),
  revokeOthers: () => remove('/api/sessions'),
};
