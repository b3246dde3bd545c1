import type { Words } from '../messages/words.js';
import type { FilePort } from './ports.js';
import type { Toasts } from './toasts.js';

/** What an offer's toast is about. */
export type Offered = Pick<FilePort, 'name' | 'sender' | 'to'>;

/** What a toast says when someone starts to share: who, what, for whom. */
export function offerText(files: readonly Offered[], words: Words): string {
  const [first] = files;
  if (first === undefined) return '';
  const [who, count] = [first.sender.name, files.length];
  const whom = first.to === 'room' ? 'all' : 'me';
  return count === 1
    ? words.text(`news.${whom}.file`, { who, name: first.name })
    : words.text(`news.${whom}.files`, { who, count });
}

/** Tells of offers. The files of one send come in several batches: while its toast is there, it counts them all. */
export class News {
  readonly #toasts: Pick<Toasts, 'show' | 'reword'>;
  readonly #words: () => Words;
  readonly #told = new Map<string, { readonly toast: number; readonly files: readonly Offered[] }>();

  constructor(toasts: Pick<Toasts, 'show' | 'reword'>, words: () => Words) {
    this.#toasts = toasts;
    this.#words = words;
  }

  /** One batch: of one sender, for the same people. */
  offered(batch: readonly Offered[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const key = `${first.sender.id} ${first.to}`;
    const told = this.#told.get(key);
    const files = [...(told?.files ?? []), ...batch];
    if (told !== undefined && this.#toasts.reword(told.toast, offerText(files, this.#words()))) {
      this.#told.set(key, { toast: told.toast, files });
    } else {
      this.#told.set(key, { toast: this.#toasts.show(offerText(batch, this.#words())), files: batch });
    }
  }
}
