/** Receipts on the wire, as docs/protocol.md, section 7, has them. */
import { hasStrings, isCount, isObject } from './checks.js';
import { HandoutError } from './errors.js';

const STATES = ['offered', 'seen', 'downloading', 'received', 'declined', 'cancelled', 'failed'] as const;

/**
 * Where one recipient stands with one file. `received` is final: the recipient has the bytes and has
 * verified them. Who downloads without the SDK stays `downloading`.
 */
export type ReceiptState = (typeof STATES)[number];

/** A receipt as the server tells it. */
export interface ReceiptRecord {
  readonly share: string;
  readonly participant: string;
  readonly name?: string;
  readonly state: ReceiptState;
  /** Why it failed: an error code. */
  readonly reason?: string;
  /** How far a running download is. */
  readonly bytes?: number;
  readonly offeredAt: string;
  readonly seenAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Grows with each step; 0 while offered. */
  readonly rev: number;
}

/** One page of GET /v1/rooms/{room}/receipts. */
export interface ReceiptPage {
  readonly seq: number;
  readonly receipts: readonly ReceiptRecord[];
  readonly more?: boolean;
}

/** What a recipient says of itself and one share. */
export interface ReceiptWord {
  readonly share: string;
  readonly state: Exclude<ReceiptState, 'offered'>;
  /** With `received` alone: of the bytes that came, lower-case hex. */
  readonly sha256?: string;
  /** With `failed` alone: an error code. */
  readonly reason?: string;
}

/** What became of one word. */
export interface ReceiptAnswer {
  readonly share: string;
  readonly receipt?: ReceiptRecord;
  /** Why the word cannot be. */
  readonly code?: string;
}

/** Whether the value is a receipt as the server tells it. */
export function isReceipt(value: unknown): value is ReceiptRecord {
  return (
    hasStrings(value, 'share', 'participant', 'offeredAt') &&
    (STATES as readonly unknown[]).includes(value.state) &&
    isCount(value.rev)
  );
}

/** Reads a page of receipts. */
export function parseReceiptPage(value: unknown): ReceiptPage {
  if (isObject(value) && isCount(value.seq) && Array.isArray(value.receipts) && value.receipts.every(isReceipt)) {
    return value as unknown as ReceiptPage;
  }
  throw new HandoutError('internal', 'the server sent something that is not a page of receipts');
}

/** Reads the answers to words. */
export function parseReceiptAnswers(value: unknown): readonly ReceiptAnswer[] {
  if (isObject(value) && Array.isArray(value.receipts) && value.receipts.every(isAnswer)) return value.receipts;
  throw new HandoutError('internal', 'the server sent something that is not answers to receipts');
}

function isAnswer(value: unknown): value is ReceiptAnswer {
  return hasStrings(value, 'share') && (isReceipt(value.receipt) || hasStrings(value, 'code'));
}
