import type { Upload } from '@handout/sdk';
import { makeThumbnail } from './make-thumbnail.js';
import type { Words } from './messages/words.js';
import { admit } from './model/admit.js';
import { remember } from './model/bytes.js';
import type { Card } from './model/cards.js';
import type { Audience, RoomPort } from './model/ports.js';
import { whyNot } from './model/sharing.js';
import { worthThumbnails } from './model/thumbnail.js';
import { MAX_FILES, pathOf, readTree } from './model/tree.js';
import { errorText } from './model/wording.js';

/** What sending needs of the panel. */
export interface SendingDesk {
  /** Undefined: not in a room. */
  room(): RoomPort | undefined;
  /** Whom the next files are for. */
  audience(): Audience | undefined;
  /** Whether small pictures of files go along. */
  thumbnails(): boolean;
  refuse(text: string): void;
  words(): Words;
}

/** Whom the open file dialog is for, and the interrupted upload that it is to find the file of. */
export interface Picking {
  readonly to?: Audience | undefined;
  readonly again?: Card;
}

/** Sends what was chosen, dropped or pasted; what cannot be sent is said. */
export class Sending {
  readonly #desk: SendingDesk;
  #picking: Picking = {};

  constructor(desk: SendingDesk) {
    this.#desk = desk;
  }

  /** Opens the file dialog. */
  pick(input: HTMLInputElement | null, picking: Picking): void {
    this.#picking = picking;
    input?.click();
  }

  /** The dialog was dismissed. */
  unpick(): void {
    this.#picking = {};
  }

  chosen(input: HTMLInputElement): void {
    const files = [...(input.files ?? [])];
    const { to, again } = this.#picking;
    this.unpick();
    input.value = ''; // so that the same file can be chosen again
    if (again === undefined) this.send(files, to);
    else this.#goOn(files, again);
  }

  /** Reads folders that were dropped, and sends what is in them. */
  async sendFolders(folders: readonly FileSystemDirectoryEntry[], loose: readonly File[], whom?: Audience) {
    const to = whom ?? this.#desk.audience(); // as it was when they were dropped
    if (to === undefined) return void this.send(loose);
    const { files, cut, unread } = await readTree(folders, loose);
    const words = this.#desk.words();
    if (cut) this.#desk.refuse(words.text('refused.many', { count: MAX_FILES }));
    if (unread > 0) this.#desk.refuse(words.text('refused.unread'));
    if (files.length === 0 && unread === 0) this.#desk.refuse(words.text('refused.nothing'));
    this.send(files, to);
  }

  send(files: readonly File[], whom?: Audience): readonly Upload[] {
    const room = this.#desk.room();
    if (room === undefined) return [];
    const words = this.#desk.words();
    const to = whom ?? this.#desk.audience();
    const refusal = room.maySend ? undefined : whyNotSend(room, words);
    if (to === undefined || refusal !== undefined) {
      this.#desk.refuse(refusal ?? words.text('send.choose-first'));
      return [];
    }
    const admitted = admit(files, room, words);
    for (const sentence of admitted.refusals) this.#desk.refuse(sentence);
    if (admitted.files.length === 0) return [];
    try {
      const uploads = room.send(admitted.files, { to, path: pathOf, ...this.#pictures(admitted.files) });
      uploads.forEach((upload, at) => {
        const file = admitted.files[at];
        if (file !== undefined) remember(upload, file);
      });
      return uploads;
    } catch (error) {
      this.#desk.refuse(errorText(error, words));
      return [];
    }
  }

  #pictures(files: readonly File[]) {
    return this.#desk.thumbnails() && worthThumbnails(files) ? { thumbnail: makeThumbnail } : {};
  }

  /** Goes on with an interrupted upload. Another file must not be sent in its place: nobody meant to share it. */
  #goOn(files: readonly File[], card: Card): void {
    const same = files.filter((file) => file.size === card.size);
    if (files.length === 1 && same.length === 1) this.send(same, card.to);
    else if (files.length > 0) this.#desk.refuse(this.#desk.words().text('send.other-file', { name: card.name }));
  }
}

/** Why I may not send in this room, in words. */
export function whyNotSend({ sharing, me }: RoomPort, words: Words): string {
  // Where sharing is off for nobody, it is the room's rules that keep me from it.
  return whyNot(sharing, me.grants.includes('send') && sharing.off.length > 0, words);
}
