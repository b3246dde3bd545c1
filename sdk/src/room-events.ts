import type { Download } from './download.js';
import type { SharedFile } from './file.js';
import type { Participant } from './people.js';
import type { Audience, LeaveReason, Limits, Sender } from './protocol.js';
import type { Receipt } from './receipts.js';
import type { Rules } from './rules.js';
import type { Sharing } from './sharing.js';
import type { MakeThumbnail, Parallel, Upload } from './upload.js';

/** Where the connection to the room stands. */
export type RoomState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** `since` is in milliseconds since 1970. */
  | { readonly kind: 'reconnecting'; readonly since: number }
  | { readonly kind: 'left'; readonly reason: LeaveReason; readonly code?: number | undefined };

/** A message that somebody in the room sent. */
export interface RoomMessage {
  readonly kind: 'text' | 'data';
  readonly sender: Sender;
  readonly to: Audience;
  readonly body: unknown;
  readonly time: Date;
}

/** What a room tells its listeners. */
export interface RoomEvents {
  state: { readonly state: RoomState };
  'participant-joined': { readonly participant: Participant };
  'participant-left': { readonly participant: Participant };
  /** A sender other than me started; one event for each batch. */
  'files-offered': { readonly files: readonly SharedFile[] };
  'file-added': { readonly file: SharedFile };
  'file-changed': { readonly file: SharedFile };
  /**
   * What has become of a file of mine at its recipients has changed, progress included: these of its receipts, or none
   * of them when somebody has left whom it was for. See {@link SharedFile.receipts}.
   */
  'receipts-changed': { readonly file: SharedFile; readonly receipts: readonly Receipt[] };
  'transfer-added': { readonly transfer: Upload | Download };
  /** State or progress; the latter at most five times a second for each transfer. */
  'transfer-changed': { readonly transfer: Upload | Download };
  /** A moderator, or the operator, has switched sharing off or on. */
  'sharing-changed': { readonly sharing: Sharing };
  /** The application has laid down other rules for the room: what may be shared now, and within which limits. */
  'rules-changed': { readonly rules: Rules; readonly limits: Limits };
  message: RoomMessage;
}

/** For whom files or a message are: everyone, late joiners included, or the listed participants. */
export interface SendOptions {
  readonly to: Audience;
  /** Cancels the uploads. */
  readonly signal?: AbortSignal;
  /**
   * How many connections one large file may use at once, from 1 to 4. On a link
   * that is long or loses packets several carry more than one; on any other they
   * take from others, say from a call, and gain nothing. The default is `auto`: where
   * one is slow it tries several for some seconds, and stays with what is better.
   */
  readonly parallel?: Parallel;
  /**
   * The folders that a file lies in, from the one that is shared, with "/" between and without its name: "photos/2024",
   * or "" for none. Without it they are those of `webkitRelativePath`, which files have that were picked with a folder.
   */
  readonly path?: (file: File) => string;
  /**
   * Makes a small picture of a file, for those who are to choose: at most 16 KiB of `image/webp`, `image/jpeg` or
   * `image/png`. It is called once for each file, when its turn to be offered comes, for eight at most at a time. A
   * file whose picture fails, is larger or takes longer than five seconds goes without it.
   */
  readonly thumbnail?: MakeThumbnail;
}
