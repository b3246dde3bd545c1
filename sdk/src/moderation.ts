import type { Api } from './http.js';
import type { Role } from './sharing.js';

/**
 * What a moderator can do in its room. To anybody else the server answers `forbidden`.
 * What a moderator does not see it can end all the same, and learns nothing of it.
 */
export class Moderation {
  readonly #api: Api;

  /** @internal */
  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Switches sharing off for these roles, and on for all others: `[]` is on for
   * everybody. Uploads that run go on, unless they are cancelled too.
   */
  async switchSharing(off: readonly Role[], { cancelRunning = false } = {}): Promise<void> {
    await this.#api.switchSharing({ off, cancelRunning });
  }

  /** Removes a participant for good: its transfers end, and its token lets it in no more. */
  async drop(participant: string): Promise<void> {
    await this.#api.leave(participant);
  }

  /** Ends a file of the room by its id, as told by somebody who sees it. See also {@link SharedFile.revoke}. */
  async revoke(file: string): Promise<void> {
    await this.#api.end(file);
  }

  /** Ends everything that a participant shares, also for others. */
  async revokeAll(participant: string): Promise<void> {
    await this.#api.endAll(participant);
  }
}
