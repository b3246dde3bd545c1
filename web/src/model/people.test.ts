import { person } from '@handout/panel/dev';
import { expect, it } from 'vitest';
import { inOrder, roleLabel } from './people.js';

it('people stand with mine first, then by alphabet', () => {
  const order = inOrder([person('z', 'Zoë'), person('b', 'Bo'), person('me', 'Noor')], 'me');
  expect(order.map(({ id }) => id)).toEqual(['me', 'b', 'z']);
});

it('calls only the roles that differ', () => {
  expect([roleLabel('moderator'), roleLabel('viewer'), roleLabel('participant')]).toEqual(['Host', 'Viewer', '']);
});
