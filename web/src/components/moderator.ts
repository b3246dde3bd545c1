import type { RoomPort } from '@handout/panel/ui';
import { say } from '../language.js';
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
      await this.#try(() => moderate.revokeAll(id), say('withdraw-all.done', { name }));
      return;
    }
    await this.#try(
      async () => {
        await moderate.drop(id); // first: so that nothing new comes behind what is withdrawn
        if (option) await moderate.revokeAll(id);
      },
      say('remove.done', { name }),
    );
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
    title: say('remove.title', { name }),
    text: say('remove.text'),
    option: say('remove.option'),
    verb: say('remove.verb'),
  };
}

function withdrawal(name: string): Question {
  return {
    title: say('withdraw-all.title', { name }),
    text: say('withdraw-all.text'),
    verb: say('withdraw-all.verb'),
  };
}
