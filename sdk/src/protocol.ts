/**
 * The words on the wire, as docs/protocol.md has them. What comes from the
 * server is checked here once, so that the rest of the SDK can believe its types.
 */
import { hasStrings, isCount, isObject } from './checks.js';
import { HandoutError } from './errors.js';
import { isReceipt, type ReceiptRecord } from './receipt-records.js';
import { isRules, type Rules } from './rules.js';
import { isSharing, type Sharing } from './sharing.js';

/** What a token permits; what is absent is denied. */
export type Grant = 'send' | 'receive' | 'sendToAll' | 'moderate';

/** Whom a file or a message is for: everyone in the room, late joiners included, or the listed participants. */
export type Audience = 'room' | readonly string[];

/** Where a share stands. It starts as `uploading` and ends once. */
export type ShareState = 'uploading' | 'available' | 'cancelled' | 'failed' | 'revoked' | 'expired';

/** Who sent something. The name is the one of that moment: it outlives the participant. */
export interface Sender {
  readonly id: string;
  readonly name: string;
}

/** The server's bounds. Zero is never "unlimited". Sizes are bytes. */
export interface Limits {
  readonly fileSize: number;
  readonly roomBytes: number;
  readonly roomShares: number;
  /** Uploads of one participant that are not complete. */
  readonly openUploads: number;
  readonly filesPerRequest: number;
  readonly lifetimeSeconds: number;
  readonly emptyRoomSeconds: number;
  readonly uploadIdleSeconds: number;
  /** How long an absent participant stays in the room. */
  readonly reconnectSeconds: number;
  readonly messageBytes: number;
  readonly participantsPerRoom: number;
  readonly recipientsPerRequest: number;
  /** Files times recipients of one request; the whole room counts as none. */
  readonly receiptsPerRequest: number;
}

/** A share as the server tells it. */
export interface ShareRecord {
  readonly id: string;
  readonly room: string;
  readonly name: string;
  /** Folders, with "/" between. */
  readonly path?: string;
  readonly type: string;
  readonly size?: number;
  readonly offset: number;
  readonly state: ShareState;
  readonly reason?: string;
  readonly sha256?: string;
  readonly sender: Sender;
  readonly to: Audience;
  readonly thumbnail?: boolean;
  readonly createdAt: string;
  readonly availableAt?: string;
  readonly expiresAt: string;
  readonly rev: number;
}

/** A new share and the address, relative to the origin, that receives its bytes. */
export interface OfferedShare extends ShareRecord {
  readonly uploadUrl: string;
}

/** A piece of a file whose upload comes in parts. Sizes are bytes. */
export interface PartRecord {
  /** Where it begins in the file. */
  readonly offset: number;
  readonly size: number;
  /** What the server has of it. */
  readonly received: number;
  /** Relative to the origin. */
  readonly uploadUrl: string;
}

/** A participant as the server tells it. */
export interface ParticipantRecord {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly userRef?: string;
  readonly grants: readonly Grant[];
  readonly data?: unknown;
  readonly joinedAt: string;
}

/** The data of the push connection's reply. */
export interface Welcome {
  readonly me: ParticipantRecord;
  readonly room: {
    readonly id: string;
    readonly name: string;
    readonly settings?: unknown;
    readonly data?: unknown;
    readonly sharing: Sharing;
    /** Absent if there never were any. */
    readonly rules?: Rules;
  };
  readonly limits: Limits;
}

/** Who is in the room, its switch, and its rules with the limits by them once there were any. */
export interface Roster {
  readonly participants: readonly ParticipantRecord[];
  readonly sharing: Sharing;
  readonly rules?: Rules;
  readonly limits?: Limits;
}

/** One page of GET /v1/rooms/{room}/shares. */
export interface SharePage {
  readonly seq: string;
  readonly shares: readonly ShareRecord[];
  readonly more?: boolean;
  /** The cursor was too old: the pages start from the beginning, and what is not in them is gone. */
  readonly reset?: boolean;
}

/** A message between participants. */
export interface MessageRecord {
  readonly kind: 'text' | 'data';
  readonly sender: Sender;
  readonly to: Audience;
  readonly body: unknown;
}

/** The sequence that an event belongs to; each is gapless for whoever may read it. */
export type Stream = 'room' | 'personal';

interface Sequenced {
  readonly stream: Stream;
  /** From 1; 0 in an event that is not counted, as who may not receive hears it of the room. */
  readonly seq: number;
  readonly time: string;
}

/** An event that changes what is in the room. */
export type RoomEventRecord =
  | (Sequenced & {
      readonly type: 'participant.joined' | 'participant.left';
      readonly participant: ParticipantRecord;
    })
  | (Sequenced & {
      readonly type: 'shares.created' | 'shares.available' | 'shares.ended';
      readonly shares: readonly ShareRecord[];
    })
  | (Sequenced & { readonly type: 'receipts.changed'; readonly receipts: readonly ReceiptRecord[] })
  | (Sequenced & { readonly type: 'sharing.changed'; readonly sharing: Sharing })
  | (Sequenced & { readonly type: 'rules.changed'; readonly rules: Rules; readonly limits: Limits })
  | (Sequenced & { readonly type: 'room.ended' })
  /** A type of a later server: it counts in its stream, and says nothing to us. */
  | (Sequenced & { readonly type: 'unknown' });

/** How far the upload of a share is or, with a participant, that one's download of it. Bytes. */
export interface TransferRecord {
  readonly share: string;
  readonly participant?: string;
  readonly bytes: number;
}

/** One push. */
export type ServerEvent =
  | RoomEventRecord
  | { readonly type: 'stream.moved'; readonly time: string; readonly stream: Stream; readonly head?: number }
  | { readonly type: 'transfers.moved'; readonly time: string; readonly transfers: readonly TransferRecord[] }
  | { readonly type: 'message'; readonly time: string; readonly message: MessageRecord };

/** An address for one download without a header. */
export interface Ticket {
  readonly url: string;
  readonly expiresAt: string;
}

/** Problem details, RFC 9457, with our code. */
export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
}

/** Whether the state is final: its bytes have left the server. */
export function hasEnded(state: ShareState): boolean {
  return state !== 'uploading' && state !== 'available';
}

const STATES: readonly unknown[] = ['uploading', 'available', 'cancelled', 'failed', 'revoked', 'expired'];

function hasCounts(value: unknown, ...names: (keyof Limits)[]): boolean {
  return isObject(value) && names.every((name) => isCount(value[name]));
}

function isAudience(value: unknown): value is Audience {
  return value === 'room' || (Array.isArray(value) && value.every((id) => typeof id === 'string'));
}

/** Whether the value is a share as the server tells it. */
export function isShare(value: unknown): value is ShareRecord {
  return (
    hasStrings(value, 'id', 'room', 'name', 'type', 'createdAt', 'expiresAt') &&
    STATES.includes(value.state) &&
    isCount(value.offset) &&
    isCount(value.rev) &&
    (value.size === undefined || isCount(value.size)) &&
    (value.path === undefined || typeof value.path === 'string') &&
    hasStrings(value.sender, 'id', 'name') &&
    isAudience(value.to)
  );
}

function isOffered(value: unknown): value is OfferedShare {
  return isShare(value) && hasStrings(value, 'uploadUrl');
}

function isPart(value: unknown, i: number, all: unknown[]): value is PartRecord {
  if (!hasStrings(value, 'uploadUrl') || !isCount(value.offset) || !isCount(value.size)) return false;
  const before = i > 0 ? (all[i - 1] as PartRecord) : undefined;
  return (
    isCount(value.received) &&
    value.received <= value.size &&
    (before === undefined || value.offset === before.offset + before.size)
  );
}

/** Whether the value is a participant as the server tells it. */
export function isParticipant(value: unknown): value is ParticipantRecord {
  return hasStrings(value, 'id', 'name', 'role', 'joinedAt') && Array.isArray(value.grants);
}

function isMessage(value: unknown): value is MessageRecord {
  return (
    isObject(value) &&
    (value.kind === 'text' || value.kind === 'data') &&
    hasStrings(value.sender, 'id', 'name') &&
    isAudience(value.to)
  );
}

function unexpected(what: string): HandoutError {
  return new HandoutError('internal', `the server sent something that is not ${what}`);
}

/** Reads the data of the connect reply. */
export function parseWelcome(value: unknown): Welcome {
  if (
    isObject(value) &&
    isParticipant(value.me) &&
    hasStrings(value.room, 'id', 'name') &&
    isSharing(value.room.sharing) &&
    isRuled(value.room) &&
    isLimits(value.limits)
  ) {
    return value as unknown as Welcome;
  }
  throw unexpected('a welcome');
}

/** Reads a page of shares. */
export function parseSharePage(value: unknown): SharePage {
  if (hasStrings(value, 'seq') && Array.isArray(value.shares) && value.shares.every(isShare)) {
    return value as unknown as SharePage;
  }
  throw unexpected('a page of shares');
}

/** Reads one share. */
export function parseShare(value: unknown): ShareRecord {
  if (isShare(value)) return value;
  throw unexpected('a share');
}

/** Reads the reply to an offer. */
export function parseOffered(value: unknown): readonly OfferedShare[] {
  if (isObject(value) && Array.isArray(value.shares) && value.shares.every(isOffered)) return value.shares;
  throw unexpected('a list of new shares');
}

/** Reads the parts of an upload: at least one, each behind the one before it. */
export function parseParts(value: unknown): readonly PartRecord[] {
  if (isObject(value) && Array.isArray(value.parts) && value.parts.length > 0 && value.parts.every(isPart)) {
    return value.parts;
  }
  throw unexpected('a list of parts');
}

/** Reads a roster. */
export function parseRoster(value: unknown): Roster {
  if (
    isObject(value) &&
    Array.isArray(value.participants) &&
    value.participants.every(isParticipant) &&
    isSharing(value.sharing) &&
    isRuled(value) &&
    (value.rules === undefined || isLimits(value.limits))
  ) {
    return value as unknown as Roster;
  }
  throw unexpected('a roster');
}

/** Reads a ticket. */
export function parseTicket(value: unknown): Ticket {
  if (hasStrings(value, 'url', 'expiresAt')) return value as unknown as Ticket;
  throw unexpected('a ticket');
}

/** Reads problem details; undefined for any other body. */
export function parseProblem(value: unknown): Problem | undefined {
  return hasStrings(value, 'code') && isCount(value.status) ? (value as unknown as Problem) : undefined;
}

/** Reads a push; undefined for what is neither an event nor a message. */
export function parseEvent(pushed: unknown): ServerEvent | undefined {
  if (!hasStrings(pushed, 'type', 'time')) return undefined;
  if (pushed.type === 'message') return isMessage(pushed.message) ? (pushed as unknown as ServerEvent) : undefined;
  if (pushed.type === 'stream.moved') return pushed as unknown as ServerEvent;
  if (pushed.type === 'transfers.moved') {
    return Array.isArray(pushed.transfers) && pushed.transfers.every(isTransfer)
      ? (pushed as unknown as ServerEvent)
      : undefined;
  }
  const value = 'seq' in pushed ? pushed : { ...pushed, stream: 'room', seq: 0 };
  if ((value.stream !== 'room' && value.stream !== 'personal') || !isCount(value.seq)) return undefined;
  switch (value.type) {
    case 'participant.joined':
    case 'participant.left':
      return isParticipant(value.participant) ? (value as unknown as ServerEvent) : undefined;
    case 'shares.created':
    case 'shares.available':
    case 'shares.ended':
      return Array.isArray(value.shares) && value.shares.every(isShare) ? (value as unknown as ServerEvent) : undefined;
    case 'receipts.changed':
      return Array.isArray(value.receipts) && value.receipts.every(isReceipt)
        ? (value as unknown as ServerEvent)
        : undefined;
    case 'sharing.changed':
      return isSharing(value.sharing) ? (value as unknown as ServerEvent) : undefined;
    case 'rules.changed':
      return isRules(value.rules) && isLimits(value.limits) ? (value as unknown as ServerEvent) : undefined;
    case 'room.ended':
      return value as unknown as ServerEvent;
    default:
      return { type: 'unknown', stream: value.stream, seq: value.seq, time: String(value.time) };
  }
}

function isLimits(value: unknown): boolean {
  return hasCounts(value, 'fileSize', 'lifetimeSeconds', 'openUploads', 'filesPerRequest', 'receiptsPerRequest');
}

function isRuled(value: { rules?: unknown }): boolean {
  return value.rules === undefined || isRules(value.rules);
}

function isTransfer(value: unknown): boolean {
  return hasStrings(value, 'share') && isCount(value.bytes);
}

/** Why a participant is no longer in its room. */
export type LeaveReason =
  | 'left'
  | 'replaced'
  | 'dropped'
  | 'room-ended'
  | 'unauthenticated'
  | 'room-full'
  | 'connection-lost';

const CLOSE_REASONS: ReadonlyMap<number, LeaveReason> = new Map([
  [1, 'unauthenticated'], // the push client's own: the token ran out and there is no other
  [109, 'unauthenticated'], // centrifuge: token expired
  [3500, 'unauthenticated'], // centrifuge: invalid token
  [4500, 'replaced'],
  [4501, 'unauthenticated'],
  [4502, 'dropped'],
  [4503, 'room-ended'],
  [4504, 'left'],
  [4505, 'room-full'],
]);

/** What a close code that forbids connecting again means. */
export function leaveReason(code: number): LeaveReason {
  return CLOSE_REASONS.get(code) ?? 'connection-lost';
}
