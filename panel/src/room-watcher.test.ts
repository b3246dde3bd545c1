import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeRoom, person } from './dev/fake-room.js';
import { RoomWatcher } from './room-watcher.js';

let room: FakeRoom;
let watcher: RoomWatcher;
let drawn: number;

beforeEach(() => {
  vi.useFakeTimers();
  drawn = 0;
  const host = { addController: () => undefined, requestUpdate: () => drawn++ };
  watcher = new RoomWatcher(host as never, {
    offered: () => undefined,
    switched: () => undefined,
    ended: () => undefined,
  });
  room = new FakeRoom('r', person('me', 'Noor'));
  watcher.watch(room);
});

afterEach(() => {
  watcher.hostDisconnected();
  vi.useRealTimers();
});

const change = () => room.tell('file-changed', {});

it('draws the first change with the next frame', () => {
  for (let i = 0; i < 50; i++) change();
  vi.advanceTimersToNextFrame();
  expect(drawn).toBe(1);
});

it('draws ten times a second when changes do not end, and the last of them', () => {
  for (let ms = 0; ms < 1000; ms += 4) {
    change();
    vi.advanceTimersByTime(4);
  }
  expect(drawn).toBeGreaterThanOrEqual(8);
  expect(drawn).toBeLessThanOrEqual(11);
  vi.advanceTimersByTime(200);
  const before = drawn;
  change();
  vi.advanceTimersByTime(200);
  expect(drawn).toBe(before + 1);
  expect(vi.getTimerCount()).toBe(0);
});

it('draws nothing when it is not on the page any more', () => {
  change();
  vi.advanceTimersToNextFrame();
  change(); // waits for its time
  watcher.hostDisconnected();
  vi.advanceTimersByTime(1000);
  expect(drawn).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});
