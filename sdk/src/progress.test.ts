import { expect, it } from 'vitest';
import { Meter } from './progress.js';

function rig() {
  let now = 0;
  const meter = new Meter(() => now);
  const at = (ms: number, bytes: number) => {
    now = ms;
    meter.set(bytes);
  };
  return { meter, at };
}

it('knows no rate before anything has moved', () => {
  const { meter, at } = rig();
  at(0, 0);
  expect(meter.read(100)).toEqual({ transferred: 0, total: 100, rate: 0, eta: undefined });
});

it('measures a steady rate and the time left', () => {
  const { meter, at } = rig();
  for (let ms = 0; ms <= 5_000; ms += 250) at(ms, ms * 2);
  expect(meter.read(20_000)).toEqual({ transferred: 10_000, total: 20_000, rate: 2_000, eta: 5 });
});

it('smooths a rate that changes', () => {
  const { meter, at } = rig();
  at(0, 0);
  at(1_000, 1_000);
  at(2_000, 11_000);
  const { rate } = meter.read(1e6);
  expect(rate).toBeGreaterThan(2_000);
  expect(rate).toBeLessThan(6_000);
});

it('takes bursts within one sample together', () => {
  const { meter, at } = rig();
  at(0, 0);
  at(1, 50_000);
  expect(meter.read(1e6).rate).toBe(0);
  at(1_000, 100_000);
  expect(meter.read(1e6).rate).toBe(100_000);
});

it('forgets the rate while it rests, and does not count the pause', () => {
  const { meter, at } = rig();
  at(0, 0);
  at(1_000, 1_000);
  meter.rest();
  expect(meter.read(2_000)).toMatchObject({ transferred: 1_000, rate: 0, eta: undefined });
  at(60_000, 1_000);
  at(61_000, 2_000);
  expect(meter.read(2_000)).toEqual({ transferred: 2_000, total: 2_000, rate: 1_000, eta: 0 });
});

it('lets the bytes become fewer without a negative rate', () => {
  const { meter, at } = rig();
  at(0, 0);
  at(1_000, 1_000);
  at(2_000, 400);
  expect(meter.read(2_000)).toMatchObject({ transferred: 400, rate: 1_000 });
});
