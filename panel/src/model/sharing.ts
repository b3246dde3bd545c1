import type { Role, Sharing } from '@handout/sdk';

/** Who may send, as the switch offers it; `some` is what only an application sets. */
export type Senders = 'everyone' | 'hosts' | 'nobody' | 'some';

/** The roles that each choice switches off. */
export const OFF: Readonly<Record<Exclude<Senders, 'some'>, readonly Role[]>> = {
  everyone: [],
  hosts: ['participant', 'viewer'],
  nobody: ['moderator', 'participant', 'viewer'],
};

/** Which choice the switch stands at. */
export function sendersOf({ off }: Sharing): Senders {
  for (const senders of ['everyone', 'hosts', 'nobody'] as const) {
    const roles = OFF[senders];
    if (roles.length === off.length && roles.every((role) => off.includes(role))) return senders;
  }
  return 'some';
}

/** Why I may not send now, in words. */
export function whyNot({ off }: Sharing, granted: boolean): string {
  if (!granted) return 'Sending is not open to you in this room.';
  if (!off.includes('moderator')) return 'Sharing is switched off: only hosts may send files now.';
  return 'Sharing is switched off in this room.';
}

/** What is said when the switch has moved. */
export function switchedText(sharing: Sharing, maySend: boolean): string {
  const senders = sendersOf(sharing);
  if (senders === 'everyone') return 'Sharing is switched on';
  if (senders === 'nobody') return 'Sharing is switched off';
  if (senders === 'hosts') return 'Only hosts may send files now';
  return maySend ? 'Not everyone may send files now' : 'You may not send files now';
}
