import { HandoutError, join, type LeaveReason } from '@handout/sdk';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Fault, RoomPort } from './model/ports.js';

/** Where the panel stands. `own`: the panel joined by itself, and leaves by itself. */
export type Standing =
  | { readonly kind: 'idle' }
  | { readonly kind: 'joining' }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'in'; readonly room: RoomPort; readonly own: boolean }
  | { readonly kind: 'left'; readonly room: RoomPort; readonly own: boolean; readonly reason: LeaveReason };

/** What the panel hears of it. */
export interface Membership {
  joined(room: RoomPort): void;
  refused(error: HandoutError): void;
  left(room: RoomPort, reason: LeaveReason): void;
}

/** How a room is joined; tests bring their own. */
export type Join = (token: string, options: { server?: string; signal: AbortSignal }) => Promise<RoomPort>;

const IDLE: Standing = { kind: 'idle' };

/**
 * The room of a panel: one that it was given, or one that it joins with a token while it is in the document.
 * Moving the element within the document changes nothing; taking it out leaves the room that it joined.
 */
export class Member implements ReactiveController {
  readonly #host: ReactiveControllerHost & { readonly isConnected: boolean };
  readonly #ears: Membership;
  readonly #join: Join;
  #standing: Standing = IDLE;
  #token = '';
  #server = '';
  #joining: AbortController | undefined;
  #off: (() => void) | undefined;

  constructor(host: ReactiveControllerHost & { readonly isConnected: boolean }, ears: Membership, by: Join = join) {
    this.#host = host;
    this.#ears = ears;
    this.#join = by;
    host.addController(this);
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** The room, also when it was left. */
  get room(): RoomPort | undefined {
    const standing = this.#standing;
    return standing.kind === 'in' || standing.kind === 'left' ? standing.room : undefined;
  }

  /** Takes the application's own room; undefined gives it back. */
  use(room: RoomPort | undefined): void {
    if (this.room === room && room !== undefined) return;
    this.#end();
    if (room !== undefined) this.#enter(room, false);
    else if (this.#host.isConnected) this.#start();
  }

  /** Other credentials: the room that they are for is another. */
  with(token: string, server: string): void {
    if (token === this.#token && server === this.#server) return;
    this.#token = token;
    this.#server = server;
    if (this.#given) return;
    this.#end();
    if (this.#host.isConnected) this.#start();
  }

  /** Joins once more, with the token that there is. */
  again(): void {
    if (this.#given) return;
    this.#end();
    this.#start();
  }

  /** Leaves the room that was joined here. */
  async leave(): Promise<void> {
    const standing = this.#standing;
    if (standing.kind === 'joining') this.#end();
    if (standing.kind === 'in' && standing.own) await standing.room.leave();
  }

  hostConnected(): void {
    const standing = this.#standing;
    if (standing.kind === 'idle') this.#start();
    else if (standing.kind === 'in') this.#enter(standing.room, standing.own);
  }

  hostDisconnected(): void {
    queueMicrotask(() => {
      if (this.#host.isConnected) return; // it was moved
      if (this.#given) this.#listen(undefined);
      else this.#end();
    });
  }

  get #given(): boolean {
    const standing = this.#standing;
    return (standing.kind === 'in' || standing.kind === 'left') && !standing.own;
  }

  #start(): void {
    if (this.#token === '') return;
    const joining = new AbortController();
    this.#joining = joining;
    this.#stand({ kind: 'joining' });
    const server = this.#server === '' ? {} : { server: this.#server };
    this.#join(this.#token, { ...server, signal: joining.signal }).then(
      (room) => {
        if (joining.signal.aborted) return void room.leave();
        this.#enter(room, true);
        this.#ears.joined(room);
      },
      (error: unknown) => {
        if (joining.signal.aborted) return;
        const fault = error instanceof HandoutError ? error : new HandoutError('internal', String(error));
        this.#stand({ kind: 'refused', fault });
        this.#ears.refused(fault);
      },
    );
  }

  #enter(room: RoomPort, own: boolean): void {
    this.#listen(room, own);
    if (room.state.kind === 'left') this.#stand({ kind: 'left', room, own, reason: room.state.reason });
    else this.#stand({ kind: 'in', room, own });
  }

  #listen(room: RoomPort | undefined, own = false): void {
    this.#off?.();
    this.#off = room?.on('state', ({ state }) => {
      if (state.kind !== 'left') return;
      this.#stand({ kind: 'left', room, own, reason: state.reason });
      this.#ears.left(room, state.reason);
    });
  }

  /** Back to where nothing was joined. */
  #end(): void {
    const standing = this.#standing;
    this.#joining?.abort();
    this.#listen(undefined);
    this.#stand(IDLE);
    if (standing.kind === 'in' && standing.own) void standing.room.leave();
  }

  #stand(standing: Standing): void {
    this.#standing = standing;
    this.#host.requestUpdate();
  }
}
