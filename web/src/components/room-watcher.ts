import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { FilePort, RoomPort } from '../model/ports.js';
import { switchedText } from '../model/sharing.js';
import { Unread } from '../model/unread.js';

/** What the watcher tells besides "draw again". */
export interface Ears {
  /** Others share; seen and heard. */
  offered(files: readonly FilePort[]): void;
  /** Heard only: comings and goings that would be noise on screen. */
  announce(text: string): void;
}

/** With hundreds of files each drawing takes long, and nobody reads figures faster. */
const REDRAW_MS = 100;

/**
 * Listens to a room for a component: redraws with the next frame, then at most so often,
 * however fast progress comes, and keeps the unread badge in the title.
 */
export class RoomWatcher implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #ears: Ears;
  #off: (() => void)[] = [];
  #room: RoomPort | undefined;
  #unread: Unread | undefined;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(host: ReactiveControllerHost, ears: Ears) {
    this.#host = host;
    this.#ears = ears;
    host.addController(this);
  }

  watch(room: RoomPort): void {
    this.#room = room;
    this.#listen();
  }

  hostConnected(): void {
    if (this.#room !== undefined) this.#listen();
  }

  hostDisconnected(): void {
    this.#stop();
    this.#unread?.rename('Handout');
    this.#unread = undefined;
  }

  #listen(): void {
    const room = this.#room;
    this.#stop();
    if (room === undefined) return;
    this.#unread = new Unread(document, `${room.name} · Handout`);
    document.addEventListener('visibilitychange', this.#look);
    const redraw = () => this.#redraw();
    this.#off = [
      () => document.removeEventListener('visibilitychange', this.#look),
      room.on('state', redraw),
      room.on('participant-joined', ({ participant }) => this.#said(`${participant.name} joined`)),
      room.on('participant-left', ({ participant }) => this.#said(`${participant.name} left`)),
      room.on('sharing-changed', ({ sharing }) => this.#said(switchedText(sharing, room.maySend))),
      room.on('files-offered', ({ files }) => {
        this.#unread?.add(files.length);
        this.#ears.offered(files);
        redraw();
      }),
      room.on('file-added', redraw),
      room.on('file-changed', redraw),
      room.on('receipts-changed', redraw),
      room.on('transfer-added', redraw),
      room.on('transfer-changed', redraw),
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

  #said(text: string): void {
    this.#ears.announce(text);
    this.#redraw();
  }

  readonly #look = (): void => {
    if (document.visibilityState === 'visible') this.#unread?.seen();
  };

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
