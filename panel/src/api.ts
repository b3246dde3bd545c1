import type { Audience, Download, HandoutError, LeaveReason, Room, SharedFile, Upload } from '@handout/sdk';

/** `auto` follows what the person has set in the system. */
export type PanelTheme = 'auto' | 'light' | 'dark';

/**
 * Where files may be dropped and pasted: on the panel; anywhere on the page, where an element with
 * `data-handout-to="PARTICIPANT ID"` stands for that person; or nowhere.
 */
export type DropArea = 'panel' | 'page' | 'none';

/** What the panel tells. Each event bubbles, and leaves the shadow trees that it meets. */
export interface HandoutPanelEventMap {
  /** The panel joined a room with its token. */
  'handout-joined': CustomEvent<{ readonly room: Room }>;
  /** The server did not let the panel in; it says so in place, and offers to try again. */
  'handout-refused': CustomEvent<{ readonly error: HandoutError }>;
  /** The room was left, for whatever reason. */
  'handout-left': CustomEvent<{ readonly room: Room; readonly reason: LeaveReason }>;
  /** How many files others have offered that nobody has looked at has changed. */
  'handout-unread': CustomEvent<{ readonly count: number }>;
  /** Others offer files: one event for each batch. */
  'handout-offered': CustomEvent<{ readonly files: readonly SharedFile[] }>;
  /** A file of mine is with the server, for those whom it is for. */
  'handout-sent': CustomEvent<{ readonly upload: Upload }>;
  /** A file was saved, and is what was sent. */
  'handout-received': CustomEvent<{ readonly download: Download }>;
  /** An upload or a download of mine came to nothing; its card offers to go on. */
  'handout-failed': CustomEvent<{ readonly transfer: Upload | Download; readonly error: HandoutError }>;
  /** Other recipients were chosen; undefined: nobody yet. */
  'handout-recipients': CustomEvent<{ readonly to: Audience | undefined }>;
  /** Files are dragged over where they may be dropped, or no longer; `over` is the person they are over. */
  'handout-dragging': CustomEvent<{ readonly dragging: boolean; readonly over: string | undefined }>;
}

/** For whom files are; without it, for the recipients that are chosen in the panel. */
export interface PanelSendOptions {
  readonly to?: Audience | undefined;
}

/** `<handout-panel>`: the files of a room. See docs/panel.md. */
export interface HandoutPanelElement extends HTMLElement {
  /** Attribute `server`: the server's origin, where the token does not name it. Default: where the script came from. */
  server: string;
  /** Attribute `token`: the panel joins the room that it is for, and leaves it when it is taken from the document. */
  token: string;
  /** The room. Set it to share the application's own connection; the panel never leaves a room that it was given. */
  get room(): Room | undefined;
  set room(room: Room | undefined);
  /** Attribute `theme`. Default: `auto`. */
  theme: PanelTheme;
  /** Attribute `drop`. Default: `panel`. */
  drop: DropArea;
  /** Attribute `no-thumbnails`: small pictures of pictures and films are neither made and sent, nor shown. */
  noThumbnails: boolean;
  /** Attribute `to`, ids with blanks between, or `room`: whom the next files are for. Undefined: nobody is chosen. */
  to: Audience | undefined;
  /** How many files others have offered since somebody last looked at the panel. */
  readonly unread: number;
  /**
   * Sends files, as if they were chosen in the panel: what cannot be sent is said there. Returns the uploads;
   * none without a room.
   */
  send(files: Iterable<File>, options?: PanelSendOptions): readonly Upload[];
  /** Opens the browser's file dialog, from within a handler of a press, and sends what is chosen. */
  pick(options?: PanelSendOptions): void;
  /** Shows a short message in the panel. One of an error stays until it is closed. */
  notify(text: string, tone?: 'info' | 'error'): void;
  /** Leaves the room that the panel has joined with its token. */
  leave(): Promise<void>;

  addEventListener<K extends keyof HandoutPanelEventMap>(
    type: K,
    listener: (this: HandoutPanelElement, event: HandoutPanelEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: HandoutPanelElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** `<handout-badge for="PANEL ID">`: how many files that panel has that nobody has looked at. */
export interface HandoutBadgeElement extends HTMLElement {
  /** Attribute `for`: the id of a panel in the same tree. */
  for: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'handout-badge': HandoutBadgeElement;
    'handout-panel': HandoutPanelElement;
  }
}
