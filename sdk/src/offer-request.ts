import { asHandoutError, HandoutError } from './errors.js';
import type { Api } from './http.js';
import type { Audience, OfferedShare } from './protocol.js';
import { isTransient } from './retry.js';
import type { Upload } from './upload.js';

/** An upload and the share that the server made for it. */
export interface Made {
  readonly upload: Upload;
  readonly share: OfferedShare;
}

/**
 * A request for shares that is sent until its answer is known, under one key: the
 * server makes it once, however many replies are lost.
 *
 * What is cancelled between two tries is left out of the next, so that nobody
 * hears of it. That makes it another request, which the server refuses if an
 * earlier one was made; then the earlier one, sent again, gets its shares.
 */
export class OfferRequest {
  readonly #api: Pick<Api, 'offer'>;
  readonly #to: Audience;
  readonly #signal: AbortSignal;
  readonly #key = newKey();
  /** Tries without a reply; at most one of them was made. */
  #unsure: (readonly Upload[])[] = [];

  constructor(api: Pick<Api, 'offer'>, to: Audience, signal: AbortSignal) {
    this.#api = api;
    this.#to = to;
    this.#signal = signal;
  }

  /** Whether there may be shares that we have not heard of. */
  get unsure(): boolean {
    return this.#unsure.length > 0;
  }

  /**
   * Asks for shares of these uploads, or of nobody's to learn what was made. The
   * answer may have those of an earlier try too, and lack these.
   * @throws HandoutError what the server or the network says; a transient one may be followed by another try
   */
  async send(wanted: readonly Upload[]): Promise<Made[]> {
    const earlier = this.#unsure.filter((uploads) => !isSame(uploads, wanted));
    for (const uploads of [wanted, ...earlier]) {
      const made = await this.#ask(uploads);
      if (made !== undefined) return made;
    }
    throw new HandoutError('internal', 'the server refuses a key that it has not seen');
  }

  /** Undefined when the key is taken by another try. */
  async #ask(uploads: readonly Upload[]): Promise<Made[] | undefined> {
    try {
      const files = uploads.map(({ name, size, type, path, thumbnail }) => ({ name, size, type, path, thumbnail }));
      const shares = await this.#api.offer({ files, to: this.#to, key: this.#key }, this.#signal);
      this.#unsure = [];
      return uploads.flatMap((upload, i) => (shares[i] === undefined ? [] : { upload, share: shares[i] }));
    } catch (cause) {
      const error = asHandoutError(cause);
      if (error.code === 'key-reused') return undefined;
      if (isTransient(error)) this.#unsure = [uploads, ...this.#unsure.filter((other) => !isSame(other, uploads))];
      else this.#unsure = []; // the key is asked for first: nothing was made
      if (uploads.length === 0 && !this.unsure) return []; // refused, as a request for nothing is
      throw error;
    }
  }
}

function isSame(a: readonly Upload[], b: readonly Upload[]): boolean {
  return a.length === b.length && a.every((upload, i) => upload === b[i]);
}

/** 128 random bits; crypto.randomUUID is for secure contexts alone. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
