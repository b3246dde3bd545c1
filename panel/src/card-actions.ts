import type { CardRequest } from './components/file-card.js';
import type { GroupAction } from './components/file-group.js';
import type { Words } from './messages/words.js';
import type { Card } from './model/cards.js';
import type { Group } from './model/groups.js';
import { faultOf, faultText } from './model/wording.js';

/** What the actions need of the panel. */
export interface CardDesk {
  pick(card: Card): void;
  announce(text: string): void;
  refuse(text: string): void;
  changed(): void;
  words(): Words;
}

/** Requests of one action at a time. */
const AT_ONCE = 6;

/** Does what cards ask for, and knows which of them were declined and removed from the list. */
export class CardActions {
  readonly #desk: CardDesk;
  #dismissed: ReadonlySet<string> = new Set();
  #declined: ReadonlySet<string> = new Set();

  constructor(desk: CardDesk) {
    this.#desk = desk;
  }

  /** Ids of files that I do not want. */
  get declined(): ReadonlySet<string> {
    return this.#declined;
  }

  /** What is shown of a room's cards. */
  shown(cards: readonly Card[]): readonly Card[] {
    return cards.filter(({ key }) => !this.#dismissed.has(key));
  }

  /** In another room nothing of it is true. */
  forget(): void {
    this.#dismissed = new Set();
    this.#declined = new Set();
  }

  async act({ action, card }: CardRequest): Promise<void> {
    try {
      if (action === 'save') this.#save(card);
      else if (action === 'decline') this.#decline(card);
      else if (action === 'retry') this.#retry(card);
      else if (action === 'revoke') await card.file?.revoke();
      else if (action === 'pick') this.#desk.pick(card);
      else if (action === 'dismiss') this.#dismiss(card);
      else await this.#cancel(card);
    } catch (error) {
      const words = this.#desk.words();
      this.#desk.refuse(words.text('fault.of', { name: card.name, fault: faultText(faultOf(error), words) }));
    }
    this.#desk.changed();
  }

  /** The same for all files of a folder that it is meant for, some at a time: each is a request. */
  async actOnAll(action: Exclude<GroupAction, 'save'>, group: Group): Promise<void> {
    const cards = {
      cancel: group.running,
      retry: group.failed,
      revoke: group.cards.filter(({ file }) => file?.state === 'available' || file?.state === 'uploading'),
      dismiss: group.cards,
    }[action];
    const left = [...cards];
    const work = async () => {
      for (let card = left.shift(); card !== undefined; card = left.shift()) await this.act({ action, card });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #save(card: Card): void {
    this.#declined = new Set([...this.#declined].filter((id) => id !== card.file?.id));
    card.file?.save();
  }

  #decline({ file }: Card): void {
    if (file === undefined) return;
    file.decline();
    this.#declined = new Set(this.#declined).add(file.id);
    this.#desk.announce(this.#desk.words().text('news.declined', { name: file.name }));
  }

  /** A retry of what the server has ended becomes a share of its own; the ended one would be a card too many. */
  #retry(card: Card): void {
    if (card.mine && card.file !== undefined && card.file.state !== 'uploading') {
      this.#dismissed = new Set(this.#dismissed).add(card.file.id);
    }
    card.transfer?.retry();
  }

  /** What runs is cancelled; what stands still but is kept by the server is withdrawn there. */
  async #cancel(card: Card): Promise<void> {
    if (card.state !== 'needs-file' && card.state !== 'upload-failed') {
      card.transfer?.cancel();
      return;
    }
    if (card.file?.state === 'uploading') await card.file.revoke();
    this.#dismiss(card);
  }

  #dismiss(card: Card): void {
    this.#dismissed = new Set(this.#dismissed).add(card.key);
  }
}
