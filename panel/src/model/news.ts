import type { FilePort } from './ports.js';
import type { Toasts } from './toasts.js';
import { plural } from './wording.js';

/** What an offer's toast is about. */
export type Offered = Pick<FilePort, 'name' | 'sender' | 'to'>;

/** What a toast says when someone starts to share: who, what, for whom. */
export function offerText(files: readonly Offered[]): string {
  const [first] = files;
  if (first === undefined) return '';
  const what = files.length === 1 ? first.name : plural(files.length, 'file');
  return first.to === 'room'
    ? `${first.sender.name} is sharing ${what} with everyone`
    : `${first.sender.name} is sending you ${what}`;
}

/** Tells of offers. The files of one send come in several batches: while its toast is there, it counts them all. */
export class News {
  readonly #toasts: Pick<Toasts, 'show' | 'reword'>;
  readonly #told = new Map<string, { readonly toast: number; readonly files: readonly Offered[] }>();

  constructor(toasts: Pick<Toasts, 'show' | 'reword'>) {
    this.#toasts = toasts;
  }

  /** One batch: of one sender, for the same people. */
  offered(batch: readonly Offered[]): void {
    const [first] = batch;
    if (first === undefined) return;
    const key = `${first.sender.id} ${first.to}`;
    const told = this.#told.get(key);
    const files = [...(told?.files ?? []), ...batch];
    if (told !== undefined && this.#toasts.reword(told.toast, offerText(files))) {
      this.#told.set(key, { toast: told.toast, files });
    } else {
      this.#told.set(key, { toast: this.#toasts.show(offerText(batch)), files: batch });
    }
  }
}
