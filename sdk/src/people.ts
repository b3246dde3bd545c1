import type { ParticipantRecord } from './protocol.js';

/** A participant of the room. `grants` is what its token permits. */
export type Participant = ParticipantRecord;

/** What changes among the participants. */
export interface PeopleListener {
  joined(participant: Participant): void;
  left(participant: Participant): void;
}

/** Who is in the room. Rosters and pushes come more than once; the listener hears of each change once. */
export class People {
  readonly byId = new Map<string, Participant>();
  readonly #listener: PeopleListener;

  constructor(listener: PeopleListener) {
    this.#listener = listener;
  }

  /** Takes the whole roster. */
  replace(roster: readonly Participant[]): void {
    const present = new Set(roster.map((participant) => participant.id));
    for (const participant of [...this.byId.values()]) if (!present.has(participant.id)) this.leave(participant);
    for (const participant of roster) this.join(participant);
  }

  join(participant: Participant): void {
    const known = this.byId.has(participant.id);
    this.byId.set(participant.id, participant);
    if (!known) this.#listener.joined(participant);
  }

  leave(participant: Participant): void {
    if (this.byId.delete(participant.id)) this.#listener.left(participant);
  }
}
