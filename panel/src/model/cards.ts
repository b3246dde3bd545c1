import type { Audience, DownloadPort, Fault, FilePort, RoomPort, TransferPort, UploadPort } from './ports.js';

/** Where a file stands for the person who looks at it. One card shows one of these. */
export type CardState =
  // Mine, on its way.
  | 'waiting'
  | 'uploading'
  | 'upload-paused'
  | 'finishing'
  | 'upload-failed'
  | 'upload-cancelled'
  | 'needs-file' // the page was reloaded: the server keeps the bytes, the page lost the file
  // Mine, there for others.
  | 'shared'
  // Someone else's.
  | 'arriving'
  | 'available'
  | 'download-waiting'
  | 'downloading'
  | 'download-paused'
  | 'checking'
  | 'saved'
  | 'download-failed'
  | 'declined' // by me: it is still there
  // Ended, whoever sent it.
  | 'cancelled'
  | 'failed'
  | 'revoked'
  | 'expired';

export interface CardProgress {
  readonly transferred: number;
  readonly total: number;
  /** Bytes per second; 0 when nobody measures it here. */
  readonly rate: number;
  /** Seconds, when known. */
  readonly eta: number | undefined;
}

export interface Card {
  readonly key: string;
  readonly state: CardState;
  readonly name: string;
  /** The folders it lies in, with "/" between; empty for none. */
  readonly path: string;
  readonly type: string;
  readonly size: number | undefined;
  readonly mine: boolean;
  readonly sender: { readonly id: string; readonly name: string };
  readonly to: Audience;
  readonly at: number;
  readonly progress: CardProgress | undefined;
  readonly fault: Fault | undefined;
  readonly file: FilePort | undefined;
  readonly transfer: TransferPort | undefined;
}

export type SectionId = 'sending' | 'for-you' | 'everyone' | 'sent';

/** Gives every transfer a name of its own, so that its card keeps its place on screen. */
export class TransferKeys {
  readonly #keys = new WeakMap<TransferPort, string>();
  #next = 1;

  of(transfer: TransferPort): string {
    let key = this.#keys.get(transfer);
    if (key === undefined) {
      key = `transfer-${this.#next++}`;
      this.#keys.set(transfer, key);
    }
    return key;
  }
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Merges a room's files and this page's transfers into one card per file, newest first. `declined` are the
 * ids of the files that I do not want.
 */
export function buildCards(room: RoomPort, keys: TransferKeys, declined = NONE): Card[] {
  const latest = latestTransfers(room.transfers);
  const cards: Card[] = [];
  for (const file of room.files.values()) {
    adopt(file, latest);
    cards.push(
      file.mine
        ? ownCard(file, latest.uploads.get(file.id), keys)
        : receivedCard(file, latest.downloads.get(file.id), declined.has(file.id)),
    );
  }
  for (const upload of latest.unannounced) cards.push(uploadCard(upload, room.me, keys));
  return cards.sort((a, b) => b.at - a.at);
}

interface Latest {
  uploads: Map<string, UploadPort>;
  downloads: Map<string, DownloadPort>;
  unannounced: UploadPort[]; // the server has not named a share for these yet
}

function latestTransfers(transfers: readonly TransferPort[]): Latest {
  const latest: Latest = { uploads: new Map(), downloads: new Map(), unannounced: [] };
  for (const transfer of transfers) {
    if (transfer.kind === 'download') latest.downloads.set(transfer.file.id, transfer);
    else if (transfer.file === undefined) latest.unannounced.push(transfer);
    else latest.uploads.set(transfer.file.id, transfer);
  }
  return latest;
}

/** News of a share may overtake the reply that gives it to its upload: until then they are told by what they send. */
function adopt(file: FilePort, latest: Latest): void {
  if (!file.mine || file.state !== 'uploading' || latest.uploads.has(file.id)) return;
  const at = latest.unannounced.findIndex(
    (upload) =>
      upload.state.kind === 'waiting' &&
      upload.name === file.name &&
      upload.size === file.size &&
      upload.path === file.path,
  );
  for (const upload of at < 0 ? [] : latest.unannounced.splice(at, 1)) latest.uploads.set(file.id, upload);
}

const ENDED = new Set<CardState>(['cancelled', 'failed', 'revoked', 'expired']);

/** Reports whether nothing more can become of the file. */
export function hasEnded(state: CardState): boolean {
  return ENDED.has(state) || state === 'upload-cancelled';
}

function uploadCard(upload: UploadPort, me: { id: string; name: string }, keys: TransferKeys): Card {
  return {
    key: keys.of(upload),
    state: uploadState(upload),
    name: upload.name,
    path: upload.path,
    type: upload.type,
    size: upload.size,
    mine: true,
    sender: { id: me.id, name: me.name },
    to: upload.to,
    at: upload.startedAt,
    progress: showsProgress(upload) ? upload.progress : undefined,
    fault: faultOf(upload),
    file: undefined,
    transfer: upload,
  };
}

function ownCard(file: FilePort, upload: UploadPort | undefined, keys: TransferKeys): Card {
  const running = file.state === 'uploading' || file.state === 'failed' || file.state === 'cancelled';
  const shown = running ? upload : undefined;
  return {
    ...fileFacts(file),
    key: upload === undefined ? file.id : keys.of(upload),
    state: ownState(file, shown),
    progress: shown === undefined ? keptProgress(file) : showsProgress(shown) ? shown.progress : undefined,
    fault: shown === undefined ? undefined : faultOf(shown),
    transfer: upload,
  };
}

function ownState(file: FilePort, upload: UploadPort | undefined): CardState {
  if (file.state === 'available') return 'shared';
  // A failed upload stays one with a retry, whatever the server made of its share.
  if (file.state === 'failed' && upload?.state.kind === 'failed') return 'upload-failed';
  if (file.state === 'cancelled' && upload?.state.kind === 'cancelled') return uploadState(upload);
  if (file.state !== 'uploading') return file.state;
  return upload === undefined ? 'needs-file' : uploadState(upload);
}

function uploadState(upload: UploadPort): CardState {
  switch (upload.state.kind) {
    case 'waiting':
      return 'waiting';
    case 'running':
      return 'uploading';
    case 'paused':
      return 'upload-paused';
    case 'verifying':
    case 'completed': // every byte is sent; the share's own word is still to come
      return 'finishing';
    case 'failed':
      return 'upload-failed';
    case 'cancelled':
      return upload.state.by === 'me' ? 'upload-cancelled' : 'cancelled';
  }
}

function receivedCard(file: FilePort, download: DownloadPort | undefined, declined: boolean): Card {
  const offered = receivedState(file, download);
  const state = declined && (offered === 'available' || offered === 'arriving') ? 'declined' : offered;
  const live = download !== undefined && showsProgress(download);
  return {
    ...fileFacts(file),
    key: file.id,
    state,
    progress: live ? download.progress : state === 'declined' ? undefined : keptProgress(file),
    fault: state === 'download-failed' && download !== undefined ? faultOf(download) : undefined,
    transfer: download,
  };
}

function receivedState(file: FilePort, download: DownloadPort | undefined): CardState {
  // A file that is on this device already stays saved, even when its share ends.
  if (download?.state.kind === 'completed' && file.state === 'available') return 'saved';
  if (file.state !== 'available' && file.state !== 'uploading') return file.state;
  switch (download?.state.kind) {
    case 'waiting':
      return 'download-waiting';
    case 'running':
      return 'downloading';
    case 'paused':
      return 'download-paused';
    case 'verifying':
      return 'checking';
    case 'failed':
      return 'download-failed';
    default: // none yet, or cancelled: it may be saved (again), also while it arrives
      return file.state === 'uploading' ? 'arriving' : 'available';
  }
}

function fileFacts(file: FilePort) {
  return {
    name: file.name,
    path: file.path,
    type: file.type,
    size: file.size,
    mine: file.mine,
    sender: file.sender,
    to: file.to,
    at: file.createdAt.getTime(),
    file,
  };
}

function showsProgress(transfer: TransferPort): boolean {
  const { kind } = transfer.state;
  return kind === 'running' || kind === 'paused' || kind === 'verifying' || kind === 'waiting';
}

/** What the server has of an upload that this page does not make: someone else's, or one that a reload interrupted. */
function keptProgress(file: FilePort): CardProgress | undefined {
  if (file.state !== 'uploading' || file.size === undefined) return undefined;
  return { transferred: file.offset, total: file.size, rate: 0, eta: undefined };
}

function faultOf(transfer: TransferPort): Fault | undefined {
  return transfer.state.kind === 'failed' ? transfer.state.error : undefined;
}

const SENDING = new Set<CardState>([
  'waiting',
  'uploading',
  'upload-paused',
  'finishing',
  'upload-failed',
  'upload-cancelled',
  'needs-file',
]);

export function sectionOf(card: Card): SectionId {
  if (SENDING.has(card.state)) return 'sending';
  if (card.to === 'room') return 'everyone';
  return card.mine ? 'sent' : 'for-you';
}
