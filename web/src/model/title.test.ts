import { expect, it } from 'vitest';
import { titleOf } from './title.js';

it('has what nobody has looked at in front of the room', () => {
  expect(titleOf('weekly', 0)).toBe('weekly · Handout');
  expect(titleOf('weekly', 3)).toBe('(3) weekly · Handout');
});
