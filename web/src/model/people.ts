import type { Participant } from '@handout/sdk';
import { say, words } from '../language.js';

/** Me first, then by name, so that nobody has to be looked for. */
export function inOrder(participants: Iterable<Participant>, meId: string): Participant[] {
  return [...participants].sort((a, b) => {
    if (a.id === meId || b.id === meId) return a.id === meId ? -1 : 1;
    return a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  });
}

/** What is said of a person below the name: that it is me, and a role; of an ordinary participant nothing. */
export function labelOf({ role }: Participant, { me, away }: { me: boolean; away: boolean }): string {
  const facts = me ? [say(away ? 'people.you.away' : 'people.you')] : [];
  if (role === 'moderator' || role === 'viewer') facts.push(say(`role.${role}`));
  return words().facts(facts);
}
