/** What a page needs to come back into its room after a reload. */
export interface Session {
  readonly token: string;
  /** The name typed on the join form; absent for a token that an application gave. */
  readonly room?: string;
}

const SESSION = 'handout.session';
const NAME = 'handout.name';

/** Why a join failed before there was a token. */
export type JoinProblem = 'by-invitation' | 'refused' | 'unexpected' | 'unreachable';

/** A join that failed. Its message is what the server said of it, if it said something. */
export class JoinError extends Error {
  override readonly name = 'JoinError';
  readonly problem: JoinProblem;

  constructor(problem: JoinProblem, message = '') {
    super(message);
    this.problem = problem;
  }
}

/** The window's parts that a session lives in; tests bring their own. */
export interface Place {
  readonly location: Pick<Location, 'href'>;
  readonly history: Pick<History, 'replaceState'>;
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly localStorage: Pick<Storage, 'getItem' | 'setItem'>;
}

/**
 * The session to go on with: a token from the address, which is removed from it
 * at once, else the one this window kept, unless the address names another room.
 */
export function restore(place: Place): Session | undefined {
  const url = new URL(place.location.href);
  const token = new URLSearchParams(url.hash.slice(1)).get('token');
  if (token !== null && token !== '') {
    place.history.replaceState(null, '', url.pathname);
    const session: Session = { token };
    keep(place, session);
    return session;
  }
  const kept = parse(place.sessionStorage.getItem(SESSION));
  const room = url.searchParams.get('room');
  if (room !== null && room !== kept?.room) return undefined;
  return kept;
}

function parse(text: string | null): Session | undefined {
  if (text === null) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('token' in value) || typeof value.token !== 'string')
      return undefined;
    const room = 'room' in value && typeof value.room === 'string' ? value.room : undefined;
    return room === undefined ? { token: value.token } : { token: value.token, room };
  } catch {
    return undefined; // not ours, or cut short: the join form is the answer to both
  }
}

/** Keeps the session for reloads of this window, and the address shareable. */
export function keep(place: Place, session: Session): void {
  place.sessionStorage.setItem(SESSION, JSON.stringify(session));
  if (session.room === undefined) return;
  const url = new URL(place.location.href);
  url.searchParams.set('room', session.room);
  place.history.replaceState(null, '', url.pathname + url.search);
}

export function forget(place: Place): void {
  place.sessionStorage.removeItem(SESSION);
}

/** The link that brings others to a room joined by name. */
export function inviteLink(place: Place, room: string): string {
  const url = new URL('/', place.location.href);
  url.searchParams.set('room', room);
  return url.href;
}

/** What the join form starts with. */
export function prefill(place: Place): { room: string; name: string } {
  const url = new URL(place.location.href);
  return { room: url.searchParams.get('room') ?? '', name: place.localStorage.getItem(NAME) ?? '' };
}

/** Asks the development back end for a token. */
export async function requestToken(
  room: string,
  name: string,
  place: Place,
  fetcher: typeof fetch = fetch,
): Promise<Session> {
  const response = await post(fetcher, { room, name });
  if (response.status === 404 || response.status === 405) {
    throw new JoinError('by-invitation');
  }
  const body = (await response.json().catch(() => undefined)) as { token?: unknown; detail?: unknown } | undefined;
  if (!response.ok) {
    throw new JoinError('refused', typeof body?.detail === 'string' ? body.detail : '');
  }
  if (typeof body?.token !== 'string') throw new JoinError('unexpected');
  place.localStorage.setItem(NAME, name);
  return { token: body.token, room };
}

async function post(fetcher: typeof fetch, body: unknown): Promise<Response> {
  try {
    return await fetcher('/api/join', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw new JoinError('unreachable');
  }
}
