import type { ReactiveControllerHost } from 'lit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Vigil } from './vigil.js';

const host = { addController: () => undefined } as unknown as ReactiveControllerHost;

/** A screen lock that remembers how many are held. */
function fakeWakeLock() {
  const held = new Set<object>();
  const request = async () => {
    const lock = {
      released: false,
      release: async () => {
        lock.released = true;
        held.delete(lock);
      },
    };
    held.add(lock);
    return lock;
  };
  return { held, request };
}

function leaveIsAsked(): boolean {
  return !window.dispatchEvent(new Event('beforeunload', { cancelable: true }));
}

describe('vigil', () => {
  let vigil: Vigil;
  let wakeLock: ReturnType<typeof fakeWakeLock>;

  beforeEach(() => {
    wakeLock = fakeWakeLock();
    Object.defineProperty(navigator, 'wakeLock', { value: wakeLock, configurable: true });
    vigil = new Vigil(host);
    vigil.hostConnected();
  });

  afterEach(() => vigil.hostDisconnected());

  it('asks before the page is closed on an upload, and only then', () => {
    expect(leaveIsAsked()).toBe(false);
    vigil.keep({ uploading: true, active: true });
    expect(leaveIsAsked()).toBe(true);
    vigil.keep({ uploading: false, active: true });
    expect(leaveIsAsked()).toBe(false);
  });

  it('holds the screen once while anything is on its way', async () => {
    vigil.keep({ uploading: false, active: true });
    vigil.keep({ uploading: true, active: true });
    await vi.waitFor(() => expect(wakeLock.held.size).toBe(1));
    vigil.keep({ uploading: false, active: false });
    await vi.waitFor(() => expect(wakeLock.held.size).toBe(0));
  });

  it('lets go of a lock that comes after all ended', async () => {
    vigil.keep({ uploading: true, active: true });
    expect(wakeLock.held.size).toBe(1); // asked for, not yet answered
    vigil.keep({ uploading: false, active: false });
    await vi.waitFor(() => expect(wakeLock.held.size).toBe(0));
  });

  it('takes the lock again when the page is looked at again', async () => {
    vigil.keep({ uploading: true, active: true });
    await vi.waitFor(() => expect(wakeLock.held.size).toBe(1));
    for (const lock of wakeLock.held) await (lock as { release(): Promise<void> }).release(); // as the browser does when the page is hidden
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(wakeLock.held.size).toBe(1));
  });

  it('goes on without a lock where it is refused', async () => {
    const request = vi.fn(async () => Promise.reject(new Error('low battery')));
    Object.defineProperty(navigator, 'wakeLock', { value: { request }, configurable: true });
    vigil.keep({ uploading: true, active: true });
    await vi.waitFor(() => expect(request).toHaveBeenCalledOnce());
    expect(leaveIsAsked()).toBe(true);
  });
});
