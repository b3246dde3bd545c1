import { expect, it } from 'vitest';
import { People } from './people.js';
import { participant } from './testing/records.js';

function rig() {
  const told: string[] = [];
  const people = new People({
    joined: (one) => told.push(`+${one.id}`),
    left: (one) => told.push(`-${one.id}`),
  });
  return { people, told };
}

const ana = participant();
const bo = participant({ id: 'bo', name: 'Bo' });

it('tells each coming and going once', () => {
  const { people, told } = rig();
  people.join(ana);
  people.join(ana);
  people.leave(bo);
  people.leave(ana);
  people.leave(ana);
  expect(told).toEqual(['+ana', '-ana']);
});

it('makes of a roster what changed', () => {
  const { people, told } = rig();
  people.replace([ana]);
  people.replace([bo]);
  people.replace([bo]);
  expect(told).toEqual(['+ana', '-ana', '+bo']);
  expect([...people.byId.keys()]).toEqual(['bo']);
});

it('keeps the newest facts', () => {
  const { people } = rig();
  people.join(ana);
  people.join({ ...ana, name: 'Ana M.' });
  expect(people.byId.get('ana')?.name).toBe('Ana M.');
});
