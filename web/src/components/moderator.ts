import type { RoomPort } from '@handout/panel/ui';
import type { Answer, Question } from './ask-dialog.js';
import type { PersonAction } from './person-menu.js';

/** A person, and what is to be done. */
export interface PersonRequest {
  readonly action: PersonAction;
  readonly id: string;
  /** As the roster shows it. */
  readonly name: string;
}

/** What a moderator needs of the page. */
export interface Desk {
  ask(question: Question): Promise<Answer>;
  /** Says what was done. */
  done(text: string): void;
  failed(error: unknown): void;
}

/** Does with people what the moderator of a room asks for, after a question where it cannot be taken back. */
export class Moderator {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async act({ moderate }: RoomPort, { action, id, name }: PersonRequest): Promise<void> {
    const { yes, option } = await this.#desk.ask(action === 'remove' ? removal(name) : withdrawal(name));
    if (!yes) return;
    if (action === 'withdraw-all') {
      await this.#try(() => moderate.revokeAll(id), `What ${name} shared was withdrawn.`);
      return;
    }
    await this.#try(async () => {
      await moderate.drop(id); // first: so that nothing new comes behind what is withdrawn
      if (option) await moderate.revokeAll(id);
    }, `${name} was removed from the room.`);
  }

  async #try(work: () => Promise<void>, done: string): Promise<void> {
    try {
      await work();
      this.#desk.done(done);
    } catch (error) {
      this.#desk.failed(error);
    }
  }
}

function removal(name: string): Question {
  return {
    title: `Remove ${name}?`,
    text: 'What they are sending or saving stops, and their invitation lets them in no more.',
    option: 'Also withdraw all files they shared',
    verb: 'Remove',
  };
}

function withdrawal(name: string): Question {
  return {
    title: `Withdraw all files of ${name}?`,
    text: 'Nobody will be able to save them any more, nor the files they shared with single people.',
    verb: 'Withdraw all',
  };
}
