import { answer } from './callback.js';
import type { CoreJoin } from './core.js';
import { EnxRoomObject, type RoomInfo } from './room.js';
import { EnxStreamObject, type StreamSpec } from './stream.js';

/** What the callback of joinRoom gets. */
export interface JoinSuccess {
  room: EnxRoomObject;
  streams: never[];
  roomData: RoomInfo;
  localStream: EnxStreamObject;
  publishId: string;
}

/**
 * Makes a room, connects it, and answers `callback(success, null)` or
 * `callback(null, {type: 'room-error', error, message})`. Returns a stream
 * object at once, without media.
 */
export function joinRoomWith(join: CoreJoin, token: string, ...args: unknown[]): EnxStreamObject {
  // joinRoom(token, callback) is taken too.
  const [options, callback, reconnect] = typeof args[0] === 'function' ? [undefined, ...args] : args;
  const spec = typeof options === 'object' && options !== null ? (options as StreamSpec) : {};
  const room = new EnxRoomObject(join, { token, ...serverOf(spec) });
  const localStream = new EnxStreamObject(spec);
  room.connect(reconnect, (joined: { room: RoomInfo }, error: object | null) => {
    if (error) {
      answer(callback, null, error);
      return;
    }
    const publishId = localStream.getID();
    const success: JoinSuccess = { room, streams: [], roomData: joined.room, localStream, publishId };
    answer(callback, success, null);
  });
  return localStream;
}

function serverOf(spec: StreamSpec): { server?: string } {
  return typeof spec.server === 'string' ? { server: spec.server } : {};
}
