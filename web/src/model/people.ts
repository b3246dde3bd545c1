import type { Participant } from '@handout/sdk';

/** Me first, then by name, so that nobody has to be looked for. */
export function inOrder(participants: Iterable<Participant>, meId: string): Participant[] {
  return [...participants].sort((a, b) => {
    if (a.id === meId || b.id === meId) return a.id === meId ? -1 : 1;
    return a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  });
}

/** What a role is called on screen; an ordinary participant needs no label. */
export function roleLabel(role: string): string {
  if (role === 'moderator') return 'Host';
  if (role === 'viewer') return 'Viewer';
  return '';
}
