import { beforeEach, describe, expect, it } from 'vitest';
import { Trial } from './trial.js';

const MB = 1_000_000;
let now: number;
let trial: Trial;
let sent: number;

beforeEach(() => {
  now = 5_000;
  sent = 0;
  trial = new Trial(1000 * MB, () => now);
});

/** Sends at a rate, in megabytes a second, and tells of it ten times a second; stops when told to. */
function alone(rate: number, seconds: number): boolean {
  for (let i = 0; i < seconds * 10; i++) {
    now += 100;
    sent += (rate * MB) / 10;
    if (trial.alone(sent)) return true;
  }
  return false;
}

function several(rate: number, seconds: number): void {
  for (let i = 0; i < seconds * 10; i++) {
    now += 100;
    sent += (rate * MB) / 10;
    trial.several(sent);
  }
}

describe('a trial', () => {
  it('leaves a fast connection alone', () => expect(alone(13, 30)).toBe(false));

  it('tries several where one is slow, after it has been watched', () => {
    expect(alone(3, 7)).toBe(false);
    expect(alone(3, 3)).toBe(true);
    expect(trial.streams).toBe(1);
    trial.begin();
    expect(trial.streams).toBe(4);
  });

  it('is not deceived by full buffers', () => {
    sent = 90 * MB; // at once
    expect(alone(3, 10)).toBe(true);
  });

  it('notices a connection that becomes slow', () => {
    expect(alone(20, 20)).toBe(false);
    expect(alone(1, 20)).toBe(true);
  });

  it('begins anew when bytes are sent again, and after a pause', () => {
    expect(alone(3, 7)).toBe(false);
    sent -= 5 * MB;
    expect(alone(3, 7)).toBe(false);
    trial.rest();
    now += 60_000;
    expect(alone(3, 7)).toBe(false);
    expect(alone(3, 2)).toBe(true);
  });

  it('is not worth it near the end', () => {
    sent = 950 * MB;
    expect(alone(1, 30)).toBe(false);
  });

  it('stays with several that carry more', () => {
    expect(alone(3, 10)).toBe(true);
    trial.begin();
    several(8, 30);
    expect(trial.streams).toBe(4);
    several(3, 30); // decided once
    expect(trial.streams).toBe(4);
  });

  it('goes back to one where several carry no more', () => {
    expect(alone(3, 10)).toBe(true);
    trial.begin();
    several(3.2, 7);
    expect(trial.streams).toBe(4);
    several(3.2, 3);
    expect(trial.streams).toBe(1);
  });

  it('keeps several for an upload that was split before, with nothing to compare with', () => {
    trial.begin();
    several(1, 30);
    expect(trial.streams).toBe(4);
  });
});
