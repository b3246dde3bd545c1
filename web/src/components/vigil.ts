import type { ReactiveController, ReactiveControllerHost } from 'lit';

/**
 * While files are on their way: asks before the page is closed on an upload, and
 * keeps a phone's screen on, since a locked phone stops its transfers.
 */
export class Vigil implements ReactiveController {
  #uploading = false;
  #active = false;
  #lock: WakeLockSentinel | undefined;

  constructor(host: ReactiveControllerHost) {
    host.addController(this);
  }

  /** Says what is on its way; call it as often as you like. */
  keep(work: { uploading: boolean; active: boolean }): void {
    this.#uploading = work.uploading;
    if (this.#active === work.active) return;
    this.#active = work.active;
    void this.#hold();
  }

  hostConnected(): void {
    window.addEventListener('beforeunload', this.#ask);
    document.addEventListener('visibilitychange', this.#again);
  }

  hostDisconnected(): void {
    window.removeEventListener('beforeunload', this.#ask);
    document.removeEventListener('visibilitychange', this.#again);
    this.#active = false;
    void this.#hold();
  }

  readonly #ask = (event: BeforeUnloadEvent): void => {
    if (this.#uploading) event.preventDefault();
  };

  /** The browser drops the lock whenever the page is hidden. */
  readonly #again = (): void => {
    if (document.visibilityState === 'visible') void this.#hold();
  };

  async #hold(): Promise<void> {
    if (!this.#active) {
      const lock = this.#lock;
      this.#lock = undefined;
      await lock?.release();
      return;
    }
    if (!('wakeLock' in navigator) || document.visibilityState !== 'visible' || this.#lock?.released === false) return;
    try {
      this.#lock = await navigator.wakeLock.request('screen');
    } catch {
      return; // refused, as on a low battery: transfers go on while the screen does
    }
    if (!this.#active) void this.#hold(); // all ended while the browser thought about it
  }
}
