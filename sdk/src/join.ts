import { cancelledError, HandoutError } from './errors.js';
import { Api } from './http.js';
import { script } from './loaded-from.js';
import type { LeaveReason } from './protocol.js';
import { Room } from './room.js';
import type { RoomState } from './room-events.js';
import { PushSignal, type ReconnectOptions, type Signal, type SignalConfig, type SignalHandlers } from './signal.js';
import { findServer, readToken } from './token.js';

/** How to join. */
export interface JoinOptions {
  /** The server's origin, when the token does not name it. Default: where the script came from. */
  readonly server?: string;
  /** Gives up joining. After that it has no part in the room. */
  readonly signal?: AbortSignal;
  readonly reconnect?: ReconnectOptions;
}

/** What a test brings in place of the network. */
export interface JoinParts {
  readonly fetch?: typeof fetch;
  readonly push?: (config: SignalConfig, handlers: SignalHandlers) => Signal;
}

/**
 * Joins the room that the token is for. Resolves when the connection stands and
 * everything that is in the room is known.
 * @throws HandoutError `unauthenticated`, `token-expired`, `room-full`, `room-ended`, `network`, `cancelled` …
 */
export function join(token: string, options: JoinOptions = {}): Promise<Room> {
  return joinWith(token, options, {});
}

/** The same, with other parts than the network's. */
export function joinWith(token: string, options: JoinOptions, parts: JoinParts): Promise<Room> {
  return new Promise((resolve, reject) => {
    const facts = readToken(token); // what is thrown here rejects
    const origin = findServer(facts, options.server, script);
    const fetching = parts.fetch === undefined ? {} : { fetch: parts.fetch };
    const api = new Api({ origin, token: facts.jwt, room: facts.room, ...fetching });
    let room: Room | undefined;
    const push = parts.push ?? ((config, handlers) => new PushSignal(config, handlers));
    const signal = push(
      { origin, token: facts.jwt, reconnect: options.reconnect },
      {
        welcome: (welcome) => {
          room ??= settle(new Room(api, signal, welcome));
          room.welcomed(welcome);
        },
        event: (event) => room?.received(event),
        lost: () => room?.lost(),
        closed: (reason, code) => {
          room?.closed(reason, code);
          fail(closedError(reason));
        },
      },
    );
    const settle = (made: Room): Room => {
      const off = made.on('state', ({ state }) => {
        off();
        if (state.kind === 'left') fail(leftError(state));
        else finish(() => resolve(made));
      });
      return made;
    };
    const finish = (end: () => void) => {
      options.signal?.removeEventListener('abort', abort);
      end();
    };
    const fail = (error: HandoutError) => finish(() => reject(error));
    const abort = () => {
      signal.disconnect();
      void room?.leave();
      fail(cancelledError());
    };
    if (options.signal?.aborted) {
      reject(cancelledError());
      return;
    }
    options.signal?.addEventListener('abort', abort);
    signal.connect();
  });
}

function leftError(state: RoomState & { kind: 'left' }): HandoutError {
  return closedError(state.reason);
}

const CLOSED: Readonly<Record<LeaveReason, readonly [code: string, words: string]>> = {
  left: ['cancelled', 'the room was left'],
  replaced: ['replaced', 'this participant joined elsewhere'],
  dropped: ['forbidden', 'this participant was removed from the room'],
  'room-ended': ['room-ended', 'the room has ended'],
  unauthenticated: ['unauthenticated', 'the token is not good for this room, or no longer'],
  'room-full': ['room-full', 'the room has no place for another participant'],
  'connection-lost': ['network', 'the server cannot be reached'],
};

function closedError(reason: LeaveReason): HandoutError {
  return new HandoutError(...CLOSED[reason]);
}
