/** What the server sends and takes. The only place where its shapes are written down. */

export type Language = 'en' | 'fil';
export type Theme = 'light' | 'dark' | 'system';
export type TutorMode = 'model' | 'extractive';

export interface User {
  id: string;
  email: string;
  name: string;
  role: string;
  language: Language;
  theme: Theme;
  createdAt: string;
}

export interface SessionInfo {
  user: User | null;
  tutor: { mode: TutorMode; model: string | null };
  signIn: { github: boolean };
  setupNeeded: boolean;
  /** Of a signed-in person: signing in called off that the account is erased. */
  erasureUndone?: boolean;
  version: string;
  /** The addresses of this server at which passkeys work. */
  passkeyOrigins: string[];
}

/** A GitHub account that waits for the code of its address. */
export interface Claim {
  email: string;
  login: string;
  delivery: 'smtp' | 'outbox';
}

export interface Identity {
  provider: string;
  login: string;
  createdAt: string;
  lastUsedAt: string;
}

export interface SignedInDevice {
  id: string;
  current: boolean;
  device: string;
  network: string;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
}

export interface Passkey {
  id: string;
  name: string;
  /** The host it works on. */
  site: string;
  createdAt: string;
  lastUsedAt: string | null;
}

export interface RecoveryStanding {
  left: number;
  createdAt: string | null;
}

/** Which notices one gets by mail. */
export interface NoticeChoices {
  newDevice: boolean;
  weekly: boolean;
}

export type KeyScope = 'read' | 'write' | 'admin';

export interface ApiKey {
  id: string;
  name: string;
  scopes: KeyScope[];
  start: string;
  createdAt: string;
  expiresAt: string;
  lastUsedAt: string | null;
  lastUsedNetwork: string | null;
}

/** Only the answer that makes a key holds its token. */
export interface MadeKey extends ApiKey {
  token: string;
}

export interface Subject {
  id: string;
  name: string;
  materials: number;
  createdAt: string;
  updatedAt: string;
}

export interface Material {
  id: string;
  title: string;
  subject: string | null;
  subjectId: string | null;
  description: string;
  active: boolean;
  entries: number;
  files: number;
  /** Of a copy: what it is a copy of, and whose, while they have an account. */
  origin: { materialId: string; owner: string | null } | null;
  createdAt: string;
  updatedAt: string;
}

/** A way for others to one's material. */
export interface Share {
  id: string;
  kind: 'link' | 'person';
  /** Of a person. */
  email: string | null;
  expiresAt: string | null;
  createdAt: string;
  /** Who has opened a link. */
  readers: { name: string; openedAt: string }[];
}

/** Somebody else's material. */
export interface SharedMaterial {
  id: string;
  title: string;
  description: string;
  owner: string;
  entries: number;
  files: number;
  updatedAt: string;
}

export interface Entry {
  id: string;
  materialId: string;
  title: string;
  characters: number;
  position: number;
  content?: string;
  createdAt: string;
  updatedAt: string;
}

export type FileFault =
  | 'damaged'
  | 'empty'
  | 'mismatch'
  | 'missing-reader'
  | 'page-empty'
  | 'page-forbidden'
  | 'page-missing'
  | 'page-redirects'
  | 'page-refused'
  | 'page-storage'
  | 'page-too-large'
  | 'page-too-slow'
  | 'page-type'
  | 'page-unreachable'
  | 'protected'
  | 'server'
  | 'too-large'
  | 'too-slow';

export interface MaterialFile {
  id: string;
  materialId: string;
  name: string;
  bytes: number;
  mediaType: string;
  state: 'ready' | 'fetching' | 'reading' | 'failed';
  /** Why it could not be read; `reason` says the same in English. */
  fault: FileFault | null;
  reason: string | null;
  characters: number;
  /** Of a web page: its address, and when it was fetched. */
  sourceUrl: string | null;
  fetchedAt: string | null;
  text?: string;
  /** What `text` is. */
  format: 'markdown' | 'plain';
  createdAt: string;
  updatedAt: string;
}

export interface SearchResult {
  kind: 'entry' | 'file' | 'material' | 'message' | 'thread';
  materialId?: string;
  entryId?: string;
  fileId?: string;
  threadId?: string;
  messageId?: string;
  title: string;
  /** Of a material. */
  description?: string;
  headingPath: string[];
  page: number | null;
  start: number;
  end: number;
  text: string;
  score: number;
  highlights: [number, number][];
}

export interface Thread {
  id: string;
  title: string;
  materialIds: string[];
  createdAt: string;
  updatedAt: string;
  /** In no list, and gone a day after its last message. */
  temporary?: boolean;
  /** Nothing is answered from general knowledge. */
  onlyMaterials?: boolean;
}

export type ReplyState = 'complete' | 'stopped' | 'interrupted' | 'failed';

export interface MessageMetadata {
  createdAt?: string;
  parentId?: string | null;
  state?: ReplyState;
  mode?: TutorMode;
  model?: string | null;
  branches?: { ids: string[]; index: number };
  error?: string;
}

export interface TextPart {
  type: 'text';
  text: string;
}

/** Where a citation points: a range of code points in one entry or file. */
export interface SourceAnchor {
  number: number;
  materialId: string;
  entryId?: string;
  fileId?: string;
  passageId?: string;
  headingPath?: string[];
  /** Page, slide or sheet, from 1. */
  page?: number;
  start: number;
  end: number;
  quote: string;
}

export interface SourcePart {
  type: 'source-document';
  sourceId: string;
  mediaType: string;
  title: string;
  filename?: string;
  providerMetadata?: { brainbytes?: SourceAnchor };
}

/** A cited sentence that its source does not bear out: a range of code points in the message. */
export interface Unsupported {
  start: number;
  end: number;
  numbers: number[];
  lack: 'quote' | 'number' | 'words';
}

export interface ProofPart {
  type: 'data-proof';
  id: string;
  data: { supported: number; unchecked: number; unsupported: Unsupported[] };
}

export type MessagePart = TextPart | SourcePart | ProofPart | { type: string };

export interface UIMessage {
  id: string;
  role: 'user' | 'assistant' | 'system';
  parts: MessagePart[];
  metadata?: MessageMetadata;
}

export interface Page {
  next: string | null;
}

export interface FieldError {
  pointer: string;
  detail: string;
}

export interface ProblemBody {
  'violated-policies'?: string[];
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  requestId?: string;
  errors?: FieldError[];
}

export type CompletionAction = 'continue' | 'simplify' | 'summarise' | 'translate';

/** Tokens of the language model that the person used today; without a limit there is nothing left to count. */
/** Tokens of the language model that are used of a day's. */
export interface TokensToday {
  used: number;
  limit: number | null;
  resetsAt: string;
}
