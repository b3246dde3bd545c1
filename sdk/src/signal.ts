import { Centrifuge } from 'centrifuge';
import { type LeaveReason, leaveReason, parseEvent, parseWelcome, type ServerEvent, type Welcome } from './protocol.js';

/** How to come back when the connection is lost. */
export interface ReconnectOptions {
  /** Default true. With false, the first loss leaves the room. */
  readonly enabled?: boolean;
  /** Failed tries in a row before giving up. Default: no bound once in the room, six before. */
  readonly maxAttempts?: number;
  /** Default 300. */
  readonly minDelayMs?: number;
  /** Default 10,000. */
  readonly maxDelayMs?: number;
}

/** What the push connection tells. */
export interface SignalHandlers {
  /** Connected, for the first time or again: what was pushed meanwhile is lost. */
  welcome(welcome: Welcome): void;
  event(event: ServerEvent): void;
  /** The connection is lost and is being made again. */
  lost(): void;
  /** It is over; no handler is called after this one. */
  closed(reason: LeaveReason, code: number | undefined): void;
}

/** The push connection of a room, as the room sees it. */
export interface Signal {
  connect(): void;
  /** Ends it without telling `closed`. */
  disconnect(): void;
}

/** The part of the centrifuge client that is used here. */
export interface PushClient {
  on(type: 'connected' | 'publication', listener: (context: { data?: unknown }) => void): unknown;
  on(type: 'connecting' | 'disconnected', listener: (context: { code: number }) => void): unknown;
  on(type: 'error', listener: (context: { type: string }) => void): unknown;
  connect(): void;
  disconnect(): void;
}

/** Where to connect, as whom, and how often to try. */
export interface SignalConfig {
  readonly origin: string;
  readonly token: string;
  readonly reconnect?: ReconnectOptions | undefined;
  /** The real client, unless a test brings its own. */
  readonly client?: (config: SignalConfig) => PushClient;
}

/** Two transports tried three times each: long enough for a restart, short enough to be told. */
const FIRST_ATTEMPTS = 6;

function centrifuge({ origin, token, reconnect }: SignalConfig): PushClient {
  const http = `${origin}/v1/push`;
  const websocket = `${http.replace(/^http/, 'ws')}/websocket`;
  return new Centrifuge(
    [
      { transport: 'websocket', endpoint: websocket },
      { transport: 'http_stream', endpoint: `${http}/http_stream` },
    ],
    {
      token,
      name: 'handout',
      emulationEndpoint: `${http}/emulation`,
      minReconnectDelay: reconnect?.minDelayMs ?? 300,
      maxReconnectDelay: reconnect?.maxDelayMs ?? 10_000,
      // The token is sent in a header-less command; cookies have no part in it.
      fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, { ...init, credentials: 'omit' }),
    },
  );
}

/** The push connection over the centrifuge protocol. */
export class PushSignal implements Signal {
  readonly #client: PushClient;
  readonly #handlers: SignalHandlers;
  readonly #reconnect: ReconnectOptions;
  #welcomed = false;
  #failures = 0;
  #over = false;

  constructor(config: SignalConfig, handlers: SignalHandlers) {
    this.#handlers = handlers;
    this.#reconnect = config.reconnect ?? {};
    this.#client = (config.client ?? centrifuge)(config);
    this.#client.on('connected', (context) => this.#onConnected(context.data));
    this.#client.on('publication', (context) => this.#onPublication(context.data));
    this.#client.on('connecting', () => this.#onConnecting());
    this.#client.on('error', (context) => this.#onError(context.type));
    this.#client.on('disconnected', (context) => this.#close(leaveReason(context.code), context.code));
  }

  connect(): void {
    this.#client.connect();
  }

  disconnect(): void {
    this.#over = true;
    this.#client.disconnect();
  }

  #onConnected(data: unknown): void {
    if (this.#over) return;
    let welcome: Welcome;
    try {
      welcome = parseWelcome(data);
    } catch {
      this.#giveUp(); // not a server of ours, or one of another age
      return;
    }
    this.#failures = 0;
    this.#welcomed = true;
    this.#handlers.welcome(welcome);
  }

  #onPublication(data: unknown): void {
    const event = parseEvent(data);
    if (event !== undefined && !this.#over) this.#handlers.event(event);
  }

  #onConnecting(): void {
    if (!this.#welcomed || this.#over) return; // the first connect says so too
    this.#handlers.lost();
    if (this.#reconnect.enabled === false) this.#giveUp();
  }

  #onError(type: string): void {
    if (this.#over || (type !== 'transport' && type !== 'connect')) return;
    this.#failures++;
    const bound = this.#reconnect.maxAttempts ?? (this.#welcomed ? Number.POSITIVE_INFINITY : FIRST_ATTEMPTS);
    if (this.#failures >= bound) this.#giveUp();
  }

  #giveUp(): void {
    this.#close('connection-lost', undefined);
    this.#client.disconnect();
  }

  #close(reason: LeaveReason, code: number | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.closed(reason, code);
  }
}
