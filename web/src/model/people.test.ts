import { person } from '@handout/panel/dev';
import { expect, it } from 'vitest';
import { inOrder, labelOf } from './people.js';

it('people stand with mine first, then by alphabet', () => {
  const order = inOrder([person('z', 'Zoë'), person('b', 'Bo'), person('me', 'Noor')], 'me');
  expect(order.map(({ id }) => id)).toEqual(['me', 'b', 'z']);
});

it('says who is me, and only the roles that differ', () => {
  const label = (role: string, me = false, away = false) => labelOf(person('a', 'Ana', { role }), { me, away });
  expect(['moderator', 'viewer', 'participant'].map((role) => label(role))).toEqual(['Host', 'Viewer', '']);
  expect(label('moderator', true)).toBe('You · Host');
  expect(label('participant', true, true)).toBe('You, reconnecting');
});
