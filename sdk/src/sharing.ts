import { isCount, isObject } from './checks.js';

/** What a token calls its bearer. Whoever may `moderate` counts as a moderator, and nobody else does. */
export type Role = 'moderator' | 'participant' | 'viewer';

/** The switch of a room. It takes away what a token grants and never adds to it. */
export interface Sharing {
  /** The roles for whom sharing is switched off: nobody of them can offer a file. */
  readonly off: readonly Role[];
  /** Grows with each change. */
  readonly rev: number;
}

/** Whether the value is a switch as the server tells it. */
export function isSharing(value: unknown): value is Sharing {
  return isObject(value) && Array.isArray(value.off) && isCount(value.rev);
}

/** What the switch, and a room's rules, count a participant as. */
export function counted({ grants, role }: { grants: readonly string[]; role: string }): Role {
  return grants.includes('moderate') ? 'moderator' : role === 'viewer' ? role : 'participant';
}

/** Whether the participant may offer files now, by its token and by the switch. */
export function maySend(me: { grants: readonly string[]; role: string }, { off }: Sharing): boolean {
  return me.grants.includes('send') && !off.includes(counted(me));
}
