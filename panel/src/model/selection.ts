import type { Audience } from './ports.js';

/**
 * Whom the next files go to. Choosing nobody is a state of its own: when the
 * last chosen person leaves, the files must not go to everyone by accident.
 */
export type Selection = { readonly kind: 'room' } | { readonly kind: 'people'; readonly ids: readonly string[] };

export const EVERYONE: Selection = { kind: 'room' };

export function toPeople(ids: readonly string[]): Selection {
  return { kind: 'people', ids };
}

/** Adds or removes a person. The first person chosen replaces "everyone". */
export function toggle(selection: Selection, id: string): Selection {
  if (selection.kind === 'room') return toPeople([id]);
  return toPeople(selection.ids.includes(id) ? selection.ids.filter((other) => other !== id) : [...selection.ids, id]);
}

export function isChosen(selection: Selection, id: string): boolean {
  return selection.kind === 'people' && selection.ids.includes(id);
}

/** Drops people who may no longer be sent to. */
export function prune(selection: Selection, present: ReadonlySet<string>): Selection {
  if (selection.kind === 'room' || selection.ids.every((id) => present.has(id))) return selection;
  return toPeople(selection.ids.filter((id) => present.has(id)));
}

/** The recipients as the SDK takes them; undefined while nobody is chosen. */
export function audienceOf(selection: Selection): Audience | undefined {
  if (selection.kind === 'room') return 'room';
  return selection.ids.length > 0 ? selection.ids : undefined;
}

/** The selection that an audience stands for. */
export function selectionOf(to: Audience | undefined): Selection {
  return to === 'room' ? EVERYONE : toPeople(to ?? []);
}
