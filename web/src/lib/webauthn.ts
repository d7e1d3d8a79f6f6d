/** Passkeys, as the browser makes and shows them: JSON forms of WebAuthn Level 3 in and out. */

export type CreationOptions = PublicKeyCredentialCreationOptionsJSON;
export type RequestOptions = PublicKeyCredentialRequestOptionsJSON;
export type CredentialJson = Record<string, unknown>;

/** Why the browser gave nothing: the person said no or took too long, has one already, or it cannot. */
export type Refusal = 'cancelled' | 'known' | 'failed';

export function refusalOf(error: unknown): Refusal {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'InvalidStateError') return 'known';
  return name === 'NotAllowedError' || name === 'AbortError' ? 'cancelled' : 'failed';
}

/** Browsers know passkeys only on https and localhost. */
export const knowsPasskeys = () => typeof PublicKeyCredential === 'function';

/** Whether passkeys can be offered in a field, as other autofill. */
export async function offersAutofill(): Promise<boolean> {
  return Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false));
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

export function toText(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const named = (list: PublicKeyCredentialDescriptorJSON[] = []) =>
  list.map((one) => ({ ...one, id: toBytes(one.id) })) as PublicKeyCredentialDescriptor[];

function readCreation(options: CreationOptions): PublicKeyCredentialCreationOptions {
  if ('parseCreationOptionsFromJSON' in PublicKeyCredential)
    return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const { challenge, user, excludeCredentials, ...rest } = options as CreationOptions;
  return {
    ...rest,
    challenge: toBytes(challenge),
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: named(excludeCredentials),
  } as PublicKeyCredentialCreationOptions;
}

function readRequest(options: RequestOptions): PublicKeyCredentialRequestOptions {
  if ('parseRequestOptionsFromJSON' in PublicKeyCredential)
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const { challenge, allowCredentials, ...rest } = options as RequestOptions;
  return {
    ...rest,
    challenge: toBytes(challenge),
    allowCredentials: named(allowCredentials),
  } as PublicKeyCredentialRequestOptions;
}

const parts = [
  'clientDataJSON',
  'attestationObject',
  'authenticatorData',
  'signature',
  'userHandle',
] as const;

/** The credential as the server reads it; by hand where a browser or password manager cannot. */
export function write(credential: PublicKeyCredential): CredentialJson {
  try {
    return credential.toJSON() as unknown as CredentialJson;
  } catch {
    const response: Record<string, unknown> = {};
    const given = credential.response as unknown as Record<string, unknown>;
    for (const part of parts)
      if (given[part] instanceof ArrayBuffer) response[part] = toText(given[part]);
    if (typeof given.getTransports === 'function') response.transports = given.getTransports();
    return { id: credential.id, rawId: credential.id, type: credential.type, response };
  }
}

/** Has the browser make a passkey. Throws what refusalOf reads. */
export async function makePasskey(options: CreationOptions): Promise<CredentialJson> {
  const made = await navigator.credentials.create({ publicKey: readCreation(options) });
  return write(made as PublicKeyCredential);
}

/** Has the browser show a passkey: at once, or, when `waiting` is given, once one is chosen in a field. */
export async function showPasskey(
  options: RequestOptions,
  waiting?: AbortSignal,
): Promise<CredentialJson> {
  const shown = await navigator.credentials.get({
    publicKey: readRequest(options),
    ...(waiting && { mediation: 'conditional', signal: waiting }),
  });
  return write(shown as PublicKeyCredential);
}
