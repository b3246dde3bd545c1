import { describe, expect, it } from 'vitest';
import { person } from '../dev/fake-room.js';
import { recipients } from './people.js';
import { audienceOf, EVERYONE, isChosen, prune, selectionOf, toggle, toPeople } from './selection.js';

describe('selection', () => {
  it('replaces everyone with the first person chosen, then adds and removes', () => {
    const ana = toggle(EVERYONE, 'ana');
    expect(audienceOf(ana)).toEqual(['ana']);
    const both = toggle(ana, 'kofi');
    expect(audienceOf(both)).toEqual(['ana', 'kofi']);
    expect(isChosen(both, 'kofi')).toBe(true);
    expect(audienceOf(toggle(both, 'ana'))).toEqual(['kofi']);
  });

  it('never turns into everyone when the last person is taken away or leaves', () => {
    expect(audienceOf(toggle(toPeople(['ana']), 'ana'))).toBeUndefined();
    const left = prune(toPeople(['ana']), new Set(['kofi']));
    expect(left).toEqual(toPeople([]));
    expect(audienceOf(left)).toBeUndefined();
  });

  it('is the same object while nobody it names has left', () => {
    const chosen = toPeople(['ana']);
    expect(prune(chosen, new Set(['ana', 'kofi']))).toBe(chosen);
    expect(prune(EVERYONE, new Set())).toBe(EVERYONE);
  });

  it('is what an audience says', () => {
    expect(selectionOf('room')).toBe(EVERYONE);
    expect(selectionOf(['ana'])).toEqual(toPeople(['ana']));
    expect(audienceOf(selectionOf(undefined))).toBeUndefined();
  });

  it('offers everyone else who may receive', () => {
    const people = [person('me', 'Me'), person('ana', 'Ana'), person('mute', 'Mute', { grants: ['send'] })];
    expect(recipients(people, 'me').map(({ id }) => id)).toEqual(['ana']);
  });
});
