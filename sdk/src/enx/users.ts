import type { CoreParticipant } from './core.js';

/** Somebody in the room, in the words of the EnxRoom API. */
export interface EnxUser {
  clientId: string;
  name: string;
  role: string;
  user_ref: string;
  /** What the token permits; what it does not name is false. */
  permissions: Record<string, boolean>;
}

const knownGrants = ['send', 'receive', 'sendToAll', 'moderate'];

/** A participant as a user. */
export function userOf(participant: CoreParticipant): EnxUser {
  const permissions: Record<string, boolean> = {};
  for (const grant of knownGrants) permissions[grant] = false;
  for (const grant of participant.grants) permissions[grant] = true;
  return {
    clientId: participant.id,
    name: participant.name,
    role: participant.role,
    user_ref: participant.userRef ?? '',
    permissions,
  };
}

/** Makes the map hold these participants and no other; the map stays the same object, applications keep it. */
export function fillUsers(users: Map<string, EnxUser>, participants: Iterable<CoreParticipant>): void {
  users.clear();
  for (const participant of participants) users.set(participant.id, userOf(participant));
}
