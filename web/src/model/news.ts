import type { FilePort } from './ports.js';
import { plural } from './wording.js';

/** What a toast says when someone starts to share: who, what, for whom. */
export function offerText(files: readonly Pick<FilePort, 'name' | 'sender' | 'to'>[]): string {
  const [first] = files;
  if (first === undefined) return '';
  const what = files.length === 1 ? first.name : plural(files.length, 'file');
  return first.to === 'room'
    ? `${first.sender.name} is sharing ${what} with everyone`
    : `${first.sender.name} is sending you ${what}`;
}
