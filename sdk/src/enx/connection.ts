import { answer, answerSoon } from './callback.js';
import type { CoreJoin, CoreRoom, CoreState, Fault } from './core.js';
import { codes, faultOf, roomCode, saying } from './errors.js';
import type { EnxEvent } from './events.js';
import { causeOf, type Reconnect, readReconnect } from './reconnect.js';

/** What a room is made of. */
export interface RoomSpec {
  /** The credential, as the server API gave it. */
  token: string;
  /** The server's origin, where the token does not say it. */
  server?: string;
}

/** 0 not connected, 1 on the way (also after a network loss), 2 connected. */
export type EnxState = 0 | 1 | 2;

/** What the connection tells the room. */
export interface ConnectionOwner {
  /** The room is joined: bind to it, dispatch `room-connected`, and give what the callbacks get. */
  opened(core: CoreRoom): object;
  /** Dispatches an event to the application. */
  tell(event: EnxEvent): void;
}

/** A room object's way to its server: joining, losing the network, coming back, leaving. */
export class Connection {
  private core: CoreRoom | undefined;
  private attempt: AbortController | undefined;
  private callers: unknown[] = [];
  private greeting: object = {};
  private reconnect: Reconnect = readReconnect(undefined);
  private away = false;
  private leaving = false;
  private farewell: Promise<void> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly join: CoreJoin,
    private readonly spec: Partial<RoomSpec>,
    private readonly owner: ConnectionOwner,
  ) {}

  /** The room while it is connected; undefined while files cannot be sent or received. */
  readonly ready = (): CoreRoom | undefined => (this.state === 2 ? this.core : undefined);

  get state(): EnxState {
    if (this.attempt) return 1;
    if (this.core === undefined || this.leaving) return 0;
    const { kind } = this.core.state;
    if (kind === 'left') return 0;
    return kind === 'connected' ? 2 : 1;
  }

  /** Joins; on a room that is connected or on its way the callback is answered with that. */
  connect(reconnect: Reconnect, callback: unknown): void {
    if (!this.attempt && this.state !== 0) {
      answerSoon(callback, { result: 0, ...this.greeting }, null);
      return;
    }
    this.callers.push(callback);
    if (this.attempt) return;
    const attempt = new AbortController();
    this.attempt = attempt;
    this.enter(attempt, reconnect).catch((cause: unknown) => this.refused(attempt, faultOf(cause)));
  }

  /** Leaves, or gives up joining. The state is 0 at once, `room-disconnected` follows. */
  disconnect(): void {
    const { attempt, core } = this;
    if (attempt) {
      this.attempt = undefined;
      attempt.abort();
      this.refuse({ code: 'cancelled', message: 'the room was disconnected while it was connecting' });
      this.owner.tell(disconnectedEvent('left'));
    } else if (core && !this.leaving) {
      this.leaving = true;
      const gone = () => {
        this.farewell = undefined;
        this.ended(core, 'left');
      };
      this.farewell = core.leave().then(gone, gone);
    }
  }

  private async enter(attempt: AbortController, reconnect: Reconnect): Promise<void> {
    // A leave that reaches the server after the next join would end that one.
    if (this.farewell) await this.farewell;
    const { token, server } = this.spec;
    const core = await this.join(String(token ?? ''), {
      ...(server === undefined ? {} : { server }),
      signal: attempt.signal,
      reconnect: { enabled: reconnect.allowed },
    });
    if (attempt.signal.aborted) {
      await core.leave();
      return;
    }
    this.open(core, reconnect);
  }

  private open(core: CoreRoom, reconnect: Reconnect): void {
    this.attempt = undefined;
    this.core = core;
    this.leaving = false;
    this.away = false;
    this.reconnect = reconnect;
    core.on('state', ({ state }) => this.turn(core, state));
    this.greeting = this.owner.opened(core);
    for (const callback of this.callers.splice(0)) answer(callback, { result: 0, ...this.greeting }, null);
    // What happened between the join and our listener is told now.
    if (core.state.kind !== 'connected') this.turn(core, core.state);
  }

  private refused(attempt: AbortController, fault: Fault): void {
    if (attempt !== this.attempt) return;
    this.attempt = undefined;
    this.owner.tell(this.refuse(fault));
  }

  private refuse(fault: Fault): EnxEvent {
    const event = { type: 'room-error', error: roomCode(fault), message: saying(fault) };
    for (const callback of this.callers.splice(0)) {
      answerSoon(callback, { result: event.error, error: event.message, desc: event.message }, event);
    }
    return event;
  }

  private turn(core: CoreRoom, state: CoreState): void {
    if (core !== this.core) return;
    // The transfers that ended with the room are told first: theirs are promises.
    if (state.kind === 'left') queueMicrotask(() => this.ended(core, state.reason));
    else if (state.kind === 'reconnecting') this.lost(core);
    else if (state.kind === 'connected') this.found();
  }

  private lost(core: CoreRoom): void {
    if (this.away || this.leaving) return;
    this.away = true;
    this.owner.tell(networkLost());
    if (!this.reconnect.allowed) return;
    this.owner.tell({ type: 'network-reconnecting', message: 'trying to reach the server again' });
    const { patienceMs } = this.reconnect;
    if (patienceMs !== undefined) this.patience = setTimeout(() => this.timedOut(core), patienceMs);
  }

  private found(): void {
    if (!this.away) return;
    this.settle();
    this.owner.tell({ type: 'network-reconnected', error: codes.networkReconnected, message: 'network reconnected' });
  }

  private timedOut(core: CoreRoom): void {
    if (core !== this.core) return;
    this.settle();
    this.core = undefined;
    // The server drops us by itself if it does not hear this.
    core.leave().catch(() => undefined);
    this.owner.tell({
      type: 'network-reconnect-timeout',
      error: codes.reconnectTimeout,
      message: 'the network did not come back in the time given to connect()',
    });
    this.owner.tell(disconnectedEvent('connection-lost'));
  }

  private ended(core: CoreRoom, reason: string): void {
    if (core !== this.core) return;
    const wasAway = this.away;
    this.settle();
    this.core = undefined;
    this.leaving = false;
    if (reason === 'connection-lost' && !wasAway) this.owner.tell(networkLost());
    if (reason !== 'left' && wasAway && this.reconnect.allowed) {
      const error = reason === 'connection-lost' ? codes.reconnectGaveUp : roomCode({ code: reason });
      this.owner.tell({ type: 'network-reconnect-failed', error, message: reason });
    }
    this.owner.tell(disconnectedEvent(reason));
  }

  private settle(): void {
    clearTimeout(this.patience);
    this.away = false;
  }
}

function networkLost(): EnxEvent {
  return { type: 'network-disconnected', error: codes.networkDisconnected, message: 'network disconnected' };
}

function disconnectedEvent(reason: string): EnxEvent {
  return { type: 'room-disconnected', message: { cause: causeOf(reason) }, reason };
}
