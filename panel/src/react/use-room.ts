import { HandoutError, join, type LeaveReason, type Room, type RoomEvents } from '@handout/sdk';
import { useEffect, useState } from 'react';

/** Where a component stands with its room. */
export type Standing =
  /** There is no token yet. */
  | { readonly kind: 'none' }
  | { readonly kind: 'joining' }
  /** The server did not let it in. */
  | { readonly kind: 'refused'; readonly error: HandoutError }
  /** It is in the room; `room.state` says whether the connection stands. */
  | { readonly kind: 'in'; readonly room: Room }
  /** It was in the room, whose files can be read still. */
  | { readonly kind: 'left'; readonly room: Room; readonly reason: LeaveReason };

const NONE: Standing = { kind: 'none' };
const JOINING: Standing = { kind: 'joining' };

/** What changes anything that a room shows of itself. */
const CHANGES = [
  'state',
  'participant-joined',
  'participant-left',
  'file-added',
  'file-changed',
  'receipts-changed',
  'transfer-added',
  'transfer-changed',
  'sharing-changed',
] as const satisfies readonly (keyof RoomEvents)[];

/** By token: what the server is still being told of the last stay. The next would otherwise be what it ends. */
const partings = new Map<string, Promise<void>>();

/**
 * Joins the room that the token is for while the component is mounted, leaves it afterwards, and renders the component
 * again whenever something in the room has changed. Another token or server is another stay; without a token there is
 * none. `server` is the server's origin, where the token does not name it: `undefined` means where the SDK came from.
 */
export function useRoom(server: string | undefined, token: string | undefined): Standing {
  const [standing, setStanding] = useState<Standing>(NONE);
  useEffect(() => {
    if (token === undefined || token === '') {
      setStanding(NONE);
      return;
    }
    const over = new AbortController();
    setStanding(JOINING);
    void stay(token, server, over.signal, (now) => {
      if (!over.signal.aborted) setStanding(now);
    });
    return () => over.abort();
  }, [server, token]);
  return standing;
}

/** Joins, and leaves when the signal says so. */
async function stay(
  token: string,
  server: string | undefined,
  over: AbortSignal,
  tell: (standing: Standing) => void,
): Promise<void> {
  // Strict mode mounts twice at once: the first is over before anything was asked of the server.
  await partings.get(token);
  if (over.aborted) return;
  let room: Room;
  try {
    room = await join(token, server === undefined ? { signal: over } : { server, signal: over });
  } catch (error) {
    tell({
      kind: 'refused',
      error: error instanceof HandoutError ? error : new HandoutError('internal', String(error)),
    });
    return;
  }
  const show = () => {
    const { state } = room;
    // A new object each time, or nothing would be rendered.
    tell(state.kind === 'left' ? { kind: 'left', room, reason: state.reason } : { kind: 'in', room });
  };
  const off = CHANGES.map((type) => room.on(type, show));
  const leave = () => {
    for (const stop of off) stop();
    const parting = room.leave().finally(() => {
      if (partings.get(token) === parting) partings.delete(token);
    });
    partings.set(token, parting);
  };
  show();
  if (over.aborted) leave();
  else over.addEventListener('abort', leave, { once: true });
}
