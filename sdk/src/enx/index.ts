/**
 * The EnxRoom API over the Handout SDK: the entry of the global script, whose
 * named exports are `window.EnxRtc`. docs/enxroom.md says what each answers.
 */
import { join, version } from '../index.js';
import { callable } from './callable.js';
import { answerSoon } from './callback.js';
import type { RoomSpec } from './connection.js';
import { joinRoomWith } from './join-room.js';
import { EnxRoomObject } from './room.js';
import { EnxStreamObject, type StreamSpec } from './stream.js';
import type { EnxUser } from './users.js';

export { Logger } from './logger.js';
export { version };

/** A room of this page's server; with and without `new`. */
export const EnxRoom = callable(
  class EnxRoom extends EnxRoomObject {
    constructor(spec?: Partial<RoomSpec>) {
      super(join, spec);
    }
  },
);

/** A stream without media; with and without `new`. */
export const EnxStream = callable(
  class EnxStream extends EnxStreamObject {
    constructor(spec?: StreamSpec) {
      super(spec);
    }
  },
);

/** `joinRoom(token, options, callback[, reconnect])`: joins without media, returns a stream at once. */
export function joinRoom(token: string, ...args: unknown[]): EnxStreamObject {
  return joinRoomWith(join, token, ...args);
}

/** Whether this browser can share files: it streams bodies and has a push connection. */
export function isSupported(): boolean {
  return (
    typeof fetch === 'function' &&
    typeof WebSocket === 'function' &&
    typeof ReadableStream === 'function' &&
    typeof Blob.prototype.stream === 'function'
  );
}

/** Everyone in the room, oneself included. */
export function listParticipants(room: { userList: ReadonlyMap<string, EnxUser> }): EnxUser[] {
  return [...(room?.userList?.values() ?? [])];
}

/** No devices: media is not served here. */
export function getDevices(callback?: unknown): void {
  answerSoon(callback, { result: 0, devices: { cam: [], mic: [] } });
}
