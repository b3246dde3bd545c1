import type { Role, Sharing } from '@handout/sdk';
import type { Words } from '../messages/words.js';

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
export function whyNot({ off }: Sharing, granted: boolean, words: Words): string {
  if (!granted) return words.text('send.not-open');
  if (!off.includes('moderator')) return words.text('send.hosts-only');
  return words.text('send.off');
}

/** What is said when the switch has moved. */
export function switchedText(sharing: Sharing, maySend: boolean, words: Words): string {
  const senders = sendersOf(sharing);
  return words.text(senders === 'some' && !maySend ? 'sharing.now.not-me' : `sharing.now.${senders}`);
}
