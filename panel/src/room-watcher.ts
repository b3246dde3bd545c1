import type { Sharing } from '@handout/sdk';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { isActive } from './model/batch.js';
import type { Fault, FilePort, RoomPort, TransferPort } from './model/ports.js';

/** What the watcher tells besides "draw again". */
export interface Ears {
  /** Others share; seen and heard. */
  offered(files: readonly FilePort[]): void;
  /** The switch of sharing has moved. */
  switched(sharing: Sharing): void;
  /** A transfer of this page has come to its end, or has failed. */
  ended(transfer: TransferPort, fault: Fault | undefined): void;
}

/** With hundreds of files each drawing takes long, and nobody reads figures faster. */
const REDRAW_MS = 100;

/**
 * Listens to a room for a component: redraws with the next frame, then at most so often,
 * however fast progress comes.
 */
export class RoomWatcher implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #ears: Ears;
  #off: (() => void)[] = [];
  #room: RoomPort | undefined;
  /** Transfers whose end was told. One that is tried again ends again. */
  #told = new WeakSet<TransferPort>();
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(host: ReactiveControllerHost, ears: Ears) {
    this.#host = host;
    this.#ears = ears;
    host.addController(this);
  }

  /** Undefined: none any more. */
  watch(room: RoomPort | undefined): void {
    if (room === this.#room) return;
    this.#room = room;
    for (const transfer of room?.transfers ?? []) if (!isActive(transfer)) this.#told.add(transfer);
    this.#listen();
  }

  hostConnected(): void {
    if (this.#room === undefined) return;
    this.#listen();
    this.#host.requestUpdate(); // nobody listened meanwhile
  }

  hostDisconnected(): void {
    this.#stop();
  }

  #listen(): void {
    const room = this.#room;
    this.#stop();
    if (room === undefined) return;
    const redraw = () => this.#redraw();
    this.#off = [
      room.on('state', redraw),
      room.on('participant-joined', redraw),
      room.on('participant-left', redraw),
      room.on('rules-changed', redraw),
      room.on('sharing-changed', ({ sharing }) => {
        this.#ears.switched(sharing);
        redraw();
      }),
      room.on('files-offered', ({ files }) => {
        this.#ears.offered(files);
        redraw();
      }),
      room.on('file-added', redraw),
      room.on('file-changed', redraw),
      room.on('receipts-changed', redraw),
      room.on('transfer-added', redraw),
      room.on('transfer-changed', ({ transfer }) => {
        this.#ended(transfer);
        redraw();
      }),
    ];
  }

  #stop(): void {
    for (const off of this.#off) off();
    this.#off = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #ended(transfer: TransferPort): void {
    if (isActive(transfer)) {
      this.#told.delete(transfer);
      return;
    }
    if (this.#told.has(transfer)) return;
    this.#told.add(transfer);
    this.#ears.ended(transfer, transfer.state.kind === 'failed' ? transfer.state.error : undefined);
  }

  #redraw(): void {
    if (this.#frame !== 0 || this.#timer !== undefined) return;
    const wait = this.#drawnAt + REDRAW_MS - performance.now();
    if (wait <= 0) this.#draw();
    else this.#timer = setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    this.#timer = undefined;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawnAt = performance.now();
      this.#host.requestUpdate();
    });
  }
}
