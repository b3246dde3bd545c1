/**
 * What this layer needs of the SDK core, as shapes. A core Room is a CoreRoom;
 * so is the hand-written fake of the tests, which has no server behind it.
 */

/** Whom a file or message is for. */
export type Audience = 'room' | readonly string[];

/** Somebody in the room. */
export interface CoreParticipant {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly userRef?: string | undefined;
  readonly grants: readonly string[];
}

/** An error as the core tells it: a stable code, and words. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  /** The HTTP status, when the server said so. */
  readonly status?: number | undefined;
}

/** Where a transfer stands. */
export type CoreTransferState =
  | { readonly kind: 'waiting' | 'running' | 'verifying' | 'completed' }
  | { readonly kind: 'paused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: Fault }
  | { readonly kind: 'cancelled'; readonly by: 'me' | 'sender' | 'room' };

/** Bytes moved of bytes to move, bytes a second, seconds left. */
export interface CoreProgress {
  readonly transferred: number;
  readonly total: number;
  readonly rate: number;
  readonly eta: number | undefined;
}

/** A running upload or download. */
export interface CoreTransfer {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly state: CoreTransferState;
  readonly progress: CoreProgress;
  cancel(): void;
}

/** An upload; `done` gives the share that the server recorded. */
export interface CoreUpload extends CoreTransfer {
  readonly kind: 'upload';
  readonly file: CoreFile | undefined;
  readonly done: Promise<CoreFile>;
}

/** A download; `done` gives the bytes, checked against their SHA-256. */
export interface CoreDownload extends CoreTransfer {
  readonly kind: 'download';
  readonly file: CoreFile;
  readonly done: Promise<File>;
}

/** A file offered in the room. */
export interface CoreFile {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number | undefined;
  readonly sender: { readonly id: string; readonly name: string };
  readonly to: Audience;
  readonly mine: boolean;
  readonly state: 'uploading' | 'available' | 'cancelled' | 'failed' | 'revoked' | 'expired';
  readonly reason?: string | undefined;
  readonly offset: number;
  readonly sha256?: string | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  download(): CoreDownload;
  save(): CoreDownload;
}

/** Why the room was left, as far as this layer tells reasons apart. */
export type CoreState =
  | { readonly kind: 'connecting' | 'connected' | 'reconnecting' }
  | { readonly kind: 'left'; readonly reason: string; readonly code?: number | undefined };

/** The core's events that this layer answers to. */
export interface CoreEvents {
  state: { readonly state: CoreState };
  'participant-joined': { readonly participant: CoreParticipant };
  'participant-left': { readonly participant: CoreParticipant };
  'files-offered': { readonly files: readonly CoreFile[] };
  'file-added': { readonly file: CoreFile };
  'file-changed': { readonly file: CoreFile };
  'transfer-added': { readonly transfer: CoreUpload | CoreDownload };
  'transfer-changed': { readonly transfer: CoreUpload | CoreDownload };
  message: CoreMessage;
}

/** A message that somebody sent. */
export interface CoreMessage {
  readonly kind: 'text' | 'data';
  readonly sender: { readonly id: string; readonly name: string };
  readonly to: Audience;
  readonly body: unknown;
  readonly time: Date | string;
}

/** A joined room. */
export interface CoreRoom {
  readonly id: string;
  readonly name: string;
  readonly settings: unknown;
  readonly data: unknown;
  readonly me: CoreParticipant;
  readonly limits: { readonly fileSize: number };
  readonly state: CoreState;
  readonly participants: ReadonlyMap<string, CoreParticipant>;
  readonly files: ReadonlyMap<string, CoreFile>;
  send(files: readonly Blob[], options: { to: Audience }): CoreUpload[];
  sendMessage(body: unknown, options: { to: Audience; kind?: 'text' | 'data' }): Promise<void>;
  leave(): Promise<void>;
  on<K extends keyof CoreEvents>(type: K, listener: (event: CoreEvents[K]) => void): () => void;
}

/** How long and how often to try again when the network has gone. */
export interface CoreReconnect {
  enabled?: boolean;
}

/** Joins a room; the core's `join`, or a fake of it. */
export type CoreJoin = (
  token: string,
  options: { server?: string; signal: AbortSignal; reconnect: CoreReconnect },
) => Promise<CoreRoom>;
