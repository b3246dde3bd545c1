import { isCount, isObject } from './checks.js';
import type { Limits } from './protocol.js';
import { counted, type Role } from './sharing.js';

/** What the application has laid down for a room. It narrows what the server and the tokens permit. */
export interface Rules {
  /** Those of {@link Limits} that are lower than the server's. */
  readonly limits?: Partial<Limits>;
  /** Types of files, as ".pdf", "application/pdf" or "image/*": others may not be shared. */
  readonly allow?: readonly string[];
  /** Types of files that may not be shared. */
  readonly deny?: readonly string[];
  /** The roles that may offer files; absent is all. */
  readonly send?: readonly Role[];
  /** The roles that may offer files to everyone; absent is all. */
  readonly sendToAll?: readonly Role[];
  /** Grows with each change, from 0: there never were any. */
  readonly rev: number;
}

/** Whether the value is rules as the server tells them. */
export function isRules(value: unknown): value is Rules {
  return isObject(value) && isCount(value.rev);
}

/** Whether a file may be offered, by its name and its type. The server looks at its first bytes, too. */
export function allows({ allow = [], deny = [] }: Rules, file: { name: string; type: string }): boolean {
  const name = file.name.toLowerCase();
  const type = file.type.toLowerCase();
  const is = (entry: string) =>
    entry.startsWith('.')
      ? name.endsWith(entry)
      : entry.endsWith('*')
        ? type.startsWith(entry.slice(0, -1))
        : type === entry;
  // What the browser knows no type of is left to its content.
  const mayBe = (entry: string) => is(entry) || (type === '' && !entry.startsWith('.'));
  return !deny.some(is) && (allow.length === 0 || allow.some(mayBe));
}

/** Whether the participant's role may offer files by the rules, to everyone or to a list. */
export function permits(
  me: { grants: readonly string[]; role: string },
  { send, sendToAll }: Rules,
  toAll: boolean,
): boolean {
  const role = counted(me);
  return (send?.includes(role) ?? true) && (!toAll || (sendToAll?.includes(role) ?? true));
}
