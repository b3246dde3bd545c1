import { formatBytes, formatDuration, formatRate, type Limits } from '@handout/sdk';
import { type Card, hasEnded } from './cards.js';
import type { Fault } from './ports.js';

const FAULTS: Readonly<Record<string, string>> = {
  'checksum-mismatch': 'The file changed while it was sent',
  dropped: 'You were removed from the room',
  'empty-file': 'The file is empty',
  'file-too-large': 'The file is larger than this room allows',
  forbidden: 'You may not do that in this room',
  'hash-mismatch': 'The file arrived damaged',
  'lifetime-over': 'It was not finished in time',
  network: 'The connection was lost',
  'no-space': 'There is not enough space on this device',
  'not-connected': 'You are not connected to the room',
  'room-empty': 'Nobody was in the room',
  'room-ended': 'The room has ended',
  'room-full': 'The room has no place for more files',
  'sharing-off': 'Sharing is switched off',
  'share-ended': 'The file is no longer shared',
  'share-not-found': 'The file is no longer shared',
  'storage-full': 'The server has no space left',
  'too-many-requests': 'Too much at once: wait a moment',
  'too-many-uploads': 'Too many uploads at once',
  'too-slow': 'The connection was too slow',
  unavailable: 'The server is busy or stopping',
  unauthenticated: 'Your invitation has expired',
  'upload-idle': 'It was not finished in time',
  'upload-stalled': 'The sender has gone away',
  'unknown-recipient': 'Someone you chose has left',
};

/** A fault in words for the person in the room. */
export function faultText(fault: Fault): string {
  return FAULTS[fault.code] ?? 'Something went wrong';
}

/** Why a room could not be joined. */
export function joinFaultText({ code, message }: Fault): string {
  switch (code) {
    case 'unauthenticated':
    case 'token-expired':
      return 'Your invitation is not valid, or no longer.';
    case 'room-full':
      return 'The room is full. Try again when someone has left.';
    case 'room-ended':
    case 'room-not-found':
      return 'The room has ended.';
    case 'forbidden':
      return 'You were removed from the room.';
    case 'network':
    case 'not-connected':
      return 'The server cannot be reached. Check your connection and try again.';
    default:
      return `${faultText({ code, message })}. Try again in a moment.`;
  }
}

/** What was thrown, in words. The application may have an SDK of its own: what counts is the code. */
export function errorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return faultText({ code, message: '' });
}

/** Whole percent, never 100 before the end. */
export function percent(transferred: number, total: number): number {
  if (total <= 0) return 0;
  return Math.min(transferred >= total ? 100 : 99, Math.floor((transferred / total) * 100));
}

/** "45% · 3.2 MB/s · 12 s left", leaving out what is not known, and what is over when every byte is on its way. */
export function progressText(card: Card): string {
  const { progress } = card;
  if (progress === undefined || card.state === 'waiting' || card.state === 'download-waiting') return '';
  const parts = [`${percent(progress.transferred, progress.total)}%`];
  if ((card.state === 'uploading' || card.state === 'downloading') && progress.transferred < progress.total) {
    if (progress.rate > 0) parts.push(formatRate(progress.rate));
    if (progress.eta !== undefined) parts.push(`${formatDuration(progress.eta)} left`);
  }
  return parts.join(' · ');
}

const STATES: Readonly<Record<Card['state'], string>> = {
  waiting: 'Waiting to send',
  uploading: 'Sending',
  'upload-paused': 'Paused until the network is back',
  finishing: 'Finishing',
  'upload-failed': 'Not sent',
  'upload-cancelled': 'You cancelled this',
  'needs-file': 'Choose the file again to go on',
  shared: 'Shared',
  arriving: 'Being sent',
  available: 'Ready to save',
  'download-waiting': 'Waiting to save',
  downloading: 'Saving',
  'download-paused': 'Paused until the network is back',
  checking: 'Checking',
  saved: 'Saved',
  'download-failed': 'Not saved',
  declined: 'You declined this',
  cancelled: 'The sender cancelled this',
  failed: 'The sender could not finish this',
  revoked: 'Withdrawn',
  expired: 'Deleted: its time was up',
};

/** What the server itself ended, in words, where that says more than the state. */
const ENDINGS: Readonly<Record<string, string>> = {
  moderated: 'A host withdrew this',
  'sharing-off': 'Stopped: sharing was switched off',
  'room-empty': 'Deleted: nobody was in the room',
  'storage-failed': 'The server has lost this file',
};

/** Where the file stands, in words. */
export function stateText(card: Card): string {
  if (card.state === 'needs-file' && card.progress !== undefined && card.progress.transferred > 0) {
    return `Choose the file again to go on from ${percent(card.progress.transferred, card.progress.total)}%`;
  }
  if (card.state === 'download-waiting' && card.file?.state === 'uploading') return 'Waiting for the sender';
  const ending = ENDINGS[card.file?.reason ?? ''];
  if (ending !== undefined && hasEnded(card.state)) return ending;
  if (card.mine && card.state === 'cancelled') return 'Cancelled';
  if (card.mine && card.state === 'failed') return 'This was not finished in time';
  return STATES[card.state];
}

export function sizeText(size: number | undefined): string {
  return size === undefined ? 'Size not known yet' : formatBytes(size);
}

/** When files leave, from the server's own limits. */
export function expiryText(limits: Pick<Limits, 'emptyRoomSeconds' | 'lifetimeSeconds'>): string {
  return `Files are deleted when the room has been empty for ${spell(limits.emptyRoomSeconds)}, and after ${spell(limits.lifetimeSeconds)} at most.`;
}

const UNITS: readonly [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** "10 minutes", "24 hours": the largest unit that stays whole, days from two up. */
export function spell(seconds: number): string {
  for (const [length, unit] of UNITS) {
    const count = seconds / length;
    if (Number.isInteger(count) && count >= (unit === 'day' ? 2 : 1))
      return `${count} ${unit}${count === 1 ? '' : 's'}`;
  }
  return `${Math.round(seconds)} seconds`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
