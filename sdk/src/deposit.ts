import { asHandoutError } from './errors.js';
import type { Api, Creation } from './http.js';
import { newKey } from './offer-request.js';
import { isNetworkLoss, isTransient, type Waker } from './retry.js';
import { assertReadable } from './tus.js';
import type { Upload } from './upload.js';

/** Bytes that go to the server with the request that offers them: the most that it takes in one step. */
const MAX_BYTES = 256 * 1024;

/** A longer list of recipients does not fit into the request's header. */
const MAX_LISTED = 50;

/** Nor does a larger thumbnail, in base64: what proxies take of one field is 8 KiB. */
const MAX_THUMBNAIL = 5600;

/** Failures in a row that the server answers. */
const MAX_REFUSALS = 6;

/** Whether the file is small enough to go with its offer. */
export function isDeposit({ size, to, thumbnail = '' }: Upload): boolean {
  return size <= MAX_BYTES && (to === 'room' || to.length <= MAX_LISTED) && thumbnail.length <= MAX_THUMBNAIL;
}

/** What a deposit needs of its uploads. */
export interface DepositContext {
  readonly api: Pick<Api, 'create'>;
  readonly waker: Waker;
  /** Aborted when the room is left. */
  readonly left: AbortSignal;
}

/**
 * Offers and sends a small file in one request, which is made until its answer is
 * known, under one key: the server makes it once, however many replies are lost.
 */
export class Deposit {
  readonly #context: DepositContext;
  readonly #upload: Upload;
  readonly #creation: Creation;
  /** A try has had no answer: it may have been made. */
  #unsure = false;

  constructor(context: DepositContext, upload: Upload) {
    this.#context = context;
    this.#upload = upload;
    const { name, type, size, path, thumbnail, to } = upload;
    this.#creation = { name, type, size, path, thumbnail, to, key: newKey() };
  }

  /**
   * Returns the share's id. A cancelled upload is not tried again; a request that is on
   * its way is waited for, because only its answer says what there is to cancel.
   */
  async send(cancelled: AbortSignal): Promise<string> {
    let refusals = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#upload.advance('running');
        return await this.#create();
      } catch (cause) {
        const error = asHandoutError(cause);
        refusals = isNetworkLoss(error) ? 0 : refusals + 1;
        if (!isTransient(error) || refusals >= MAX_REFUSALS) throw error;
        if (isNetworkLoss(error)) {
          // A file that has gone looks like a lost network to the browser.
          await assertReadable(this.#upload.source.blob);
          this.#upload.advance('paused');
        }
      }
      await this.#context.waker.pause(attempt, AbortSignal.any([cancelled, this.#context.left]));
    }
  }

  /** After a cancel: the id of the share that a try without an answer made, if one did. */
  async made(): Promise<string | undefined> {
    for (let attempt = 1; this.#unsure; attempt++) {
      try {
        // A size that no server takes makes nothing, but the key is asked for first.
        await this.#context.api.create({ ...this.#creation, size: Number.MAX_SAFE_INTEGER }, this.#context.left);
        return undefined;
      } catch (cause) {
        const error = asHandoutError(cause);
        if (error.code === 'key-reused') return await this.#create();
        if (!isTransient(error)) return undefined;
      }
      await this.#context.waker.pause(attempt, this.#context.left);
    }
    return undefined;
  }

  async #create(): Promise<string> {
    try {
      const id = await this.#context.api.create(
        { ...this.#creation, body: this.#upload.source.blob },
        this.#context.left,
      );
      this.#unsure = false;
      return id;
    } catch (cause) {
      const error = asHandoutError(cause);
      // The key is asked for first, so a refusal says that nothing was made.
      this.#unsure = isTransient(error);
      throw error;
    }
  }
}
