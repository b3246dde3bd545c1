import { type JoinOptions, joinWith } from '../join.js';
import type { ParticipantRecord, ShareRecord } from '../protocol.js';
import type { ReceiptRecord } from '../receipt-records.js';
import type { Room } from '../room.js';
import type { Rules } from '../rules.js';
import type { SignalHandlers } from '../signal.js';
import { LIMITS, participant, SHARING } from './records.js';

const ME = participant();

function base64url(value: unknown): string {
  return btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** A token that names its room and participant; nobody verifies it here. */
export const TOKEN = `${base64url({ alg: 'HS256' })}.${base64url({ sub: ME.id, room: 'rm_1' })}.sig`;

/** A server for joining: a push connection and the requests of a room. */
export class FakeNetwork {
  /** Requests, as "METHOD path". */
  readonly asked: string[] = [];
  readonly bodies: unknown[] = [];
  readonly origins = new Set<string>();
  seq = '0.0';
  shares: ShareRecord[] = [];
  people: ParticipantRecord[] = [ME];
  receipts: ReceiptRecord[] = [];
  sharing = SHARING;
  rules: Rules | undefined;
  /** The status of the next requests to that path. */
  readonly refusals = new Map<string, number>();
  /** Replies that come when the test lets them. */
  readonly held = new Map<string, Promise<Response>>();
  connections = 0;
  connected = false;
  #handlers: SignalHandlers | undefined;

  join(options: JoinOptions = {}, token = TOKEN): Promise<Room> {
    return joinWith(
      token,
      { server: 'https://files.example.org', ...options },
      {
        fetch: (input, init) => this.#fetch(String(input), init),
        push: (config, handlers) => {
          this.origins.add(config.origin);
          this.#handlers = handlers;
          return {
            connect: () => {
              this.connections++;
              this.connected = true;
            },
            disconnect: () => {
              this.connected = false;
            },
          };
        },
      },
    );
  }

  /** What the push connection tells. */
  get push(): SignalHandlers {
    if (this.#handlers === undefined) throw new Error('nobody has connected');
    return this.#handlers;
  }

  welcome(): void {
    const room = { id: 'rm_1', name: 'Physics', settings: { mode: 'group' }, sharing: this.sharing, ...this.#ruled };
    this.push.welcome({ me: ME, room, limits: { ...LIMITS, ...this.rules?.limits } });
  }

  get #ruled() {
    return this.rules === undefined ? {} : { rules: this.rules };
  }

  /** Joins, and everything that the server has is known. */
  async joined(): Promise<Room> {
    const joining = this.join();
    this.welcome();
    return joining;
  }

  async #fetch(url: string, init: RequestInit | undefined): Promise<Response> {
    const { pathname } = new URL(url);
    this.asked.push(`${init?.method} ${pathname}`);
    if (typeof init?.body === 'string') this.bodies.push(JSON.parse(init.body));
    const status = this.refusals.get(pathname);
    if (status !== undefined) return new Response('', { status });
    const held = this.held.get(pathname);
    if (held !== undefined) return held;
    if (init?.method === 'DELETE' || init?.method === 'PUT' || pathname.endsWith('/messages'))
      return new Response(null, { status: 204 });
    if (pathname.endsWith('/participants'))
      return Response.json({
        participants: this.people,
        sharing: this.sharing,
        ...this.#ruled,
        limits: { ...LIMITS, ...this.rules?.limits },
      });
    if (pathname.endsWith('/receipts')) {
      return Response.json({ seq: 0, receipts: init?.method === 'POST' ? [] : this.receipts });
    }
    if (pathname.endsWith('/tickets')) return Response.json({ url: `${pathname}?ticket=dt_1`, expiresAt: '' });
    if (pathname.endsWith('/shares')) return Response.json({ seq: this.seq, shares: this.shares });
    return new Response('', { status: 404 });
  }
}
