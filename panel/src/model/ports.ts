import type {
  Download,
  HandoutError,
  Participant,
  Room,
  RoomEvents,
  SendOptions,
  SharedFile,
  Upload,
} from '@handout/sdk';

/**
 * What the panel needs of the SDK's classes, as shapes. A Room is a RoomPort; so
 * is the fixture that the gallery draws, which has no server behind it.
 */
export type Audience = 'room' | readonly string[];

export interface FilePort
  extends Pick<
    SharedFile,
    | 'id'
    | 'name'
    | 'path'
    | 'type'
    | 'size'
    | 'sender'
    | 'to'
    | 'mine'
    | 'state'
    | 'offset'
    | 'createdAt'
    | 'expiresAt'
    | 'revoke'
    | 'receipts'
    | 'markSeen'
    | 'decline'
    | 'hasThumbnail'
    | 'thumbnail'
  > {
  readonly reason?: string | undefined;
  /** Starts a download that ends in the browser's own downloads. */
  save(): unknown;
  /** Starts one whose file is for the panel itself. */
  download(): ReadingPort;
}

type TransferFacts = 'name' | 'type' | 'size' | 'state' | 'progress' | 'startedAt' | 'cancel' | 'retry';

export interface UploadPort extends Pick<Upload, TransferFacts | 'kind' | 'to' | 'path'> {
  readonly file: FilePort | undefined;
}

/** A download that is read here, and let go of. */
export type ReadingPort = TransferPort & { readonly done: Promise<unknown>; release(): void };

export interface DownloadPort extends Pick<Download, TransferFacts | 'kind'> {
  readonly file: FilePort;
  readonly done: Promise<Blob>;
}

export type TransferPort = UploadPort | DownloadPort;

export interface RoomPort
  extends Pick<
    Room,
    'id' | 'name' | 'me' | 'limits' | 'state' | 'leave' | 'sharing' | 'maySend' | 'maySendToAll' | 'allows'
  > {
  readonly moderate: Pick<Room['moderate'], 'switchSharing' | 'drop' | 'revokeAll'>;
  readonly participants: ReadonlyMap<string, Participant>;
  readonly files: ReadonlyMap<string, FilePort>;
  readonly transfers: readonly TransferPort[];
  send(files: readonly File[], options: Pick<SendOptions, 'to' | 'thumbnail' | 'path'>): readonly Upload[];
  on<K extends keyof RoomEvents>(type: K, listener: (event: RoomEvents[K]) => void): () => void;
}

/** The part of a transfer's error that the page words for people. */
export type Fault = Pick<HandoutError, 'code' | 'message'>;
