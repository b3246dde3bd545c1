import { expect, it } from 'vitest';
import { Unread } from './unread.js';

it('counts only while nobody looks, and tells of each change once', () => {
  let looking = true;
  const told: number[] = [];
  const unread = new Unread(
    () => looking,
    (count) => told.push(count),
  );
  unread.add(1);
  expect(unread.count).toBe(0);
  looking = false;
  unread.add(1);
  unread.add(2);
  expect(unread.count).toBe(3);
  unread.seen();
  unread.seen();
  expect(told).toEqual([1, 3, 0]);
});
