import type { LeaveReason, Limits } from '@handout/sdk';
import type { Words } from '../messages/words.js';
import { type Card, hasEnded } from './cards.js';
import type { Fault } from './ports.js';

/** A fault in words for the person in the room. */
export function faultText({ code }: Pick<Fault, 'code'>, words: Words): string {
  return words.known(`fault.${code}`) ?? words.text('fault.unknown');
}

/** What was thrown, as a sentence. */
export function errorText(error: unknown, words: Words): string {
  return words.text('fault.sentence', { fault: faultText(faultOf(error), words) });
}

/** The application may have an SDK of its own: what counts is the code. */
export function faultOf(error: unknown): Pick<Fault, 'code'> {
  return { code: error instanceof Error && 'code' in error ? String(error.code) : '' };
}

/** What a refused join comes to: the same as having left for that reason. */
const REFUSALS: Readonly<Record<string, LeaveReason>> = {
  unauthenticated: 'unauthenticated',
  'token-expired': 'unauthenticated',
  'room-full': 'room-full',
  'room-ended': 'room-ended',
  'room-not-found': 'room-ended',
  forbidden: 'dropped',
  network: 'connection-lost',
  'not-connected': 'connection-lost',
  unavailable: 'connection-lost',
};

/** Why a room could not be joined. */
export function joinFaultText(fault: Fault, words: Words): string {
  const reason = REFUSALS[fault.code];
  return reason === undefined
    ? words.text('room.other', { fault: faultText(fault, words) })
    : words.text(`room.${reason}`);
}

/** Whole percent, never 100 before the end. */
export function percent(transferred: number, total: number): number {
  if (total <= 0) return 0;
  return Math.min(transferred >= total ? 100 : 99, Math.floor((transferred / total) * 100));
}

/** "45% · 3.2 MB/s · 12 sec left", leaving out what is not known, and what is over when every byte is on its way. */
export function progressText({ progress, state }: Card, words: Words): string {
  if (progress === undefined || state === 'waiting' || state === 'download-waiting') return '';
  const parts = [words.percent(percent(progress.transferred, progress.total) / 100)];
  if ((state === 'uploading' || state === 'downloading') && progress.transferred < progress.total) {
    parts.push(...paceText(progress, words));
  }
  return words.facts(parts);
}

/** How fast it goes, and how long it still takes, as far as that is known. */
export function paceText({ rate, eta }: { rate: number; eta: number | undefined }, words: Words): string[] {
  const parts: string[] = [];
  if (rate > 0) parts.push(words.rate(rate));
  if (eta !== undefined) parts.push(words.text('card.left', { time: words.duration(eta) }));
  return parts;
}

/** Where the file stands, in words. */
export function stateText({ state, progress, file, mine }: Card, words: Words): string {
  if (state === 'needs-file' && progress !== undefined && progress.transferred > 0) {
    const done = percent(progress.transferred, progress.total) / 100;
    return words.text('state.needs-file.from', { percent: words.percent(done) });
  }
  if (state === 'download-waiting' && file?.state === 'uploading') return words.text('state.download-waiting.sender');
  const ending = words.known(`ending.${file?.reason}`); // where it says more than the state
  if (ending !== undefined && hasEnded(state)) return ending;
  if (mine && (state === 'cancelled' || state === 'failed')) return words.text(`state.${state}.mine`);
  return words.text(`state.${state}`);
}

export function sizeText(size: number | undefined, words: Words): string {
  return size === undefined ? words.text('card.size-unknown') : words.bytes(size);
}

/** When files leave, from the server's own limits. */
export function expiryText(limits: Pick<Limits, 'emptyRoomSeconds' | 'lifetimeSeconds'>, words: Words): string {
  const [empty, most] = [words.spell(limits.emptyRoomSeconds), words.spell(limits.lifetimeSeconds)];
  return words.text('expiry.line', { empty, most });
}
