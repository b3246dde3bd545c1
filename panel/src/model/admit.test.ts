import { describe, expect, it } from 'vitest';
import { FakeRoom, person } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import { admit, contentsOf, namePasted } from './admit.js';

function file(name: string, bytes: number): File {
  return new File([new Uint8Array(bytes)], name);
}

const room = {
  limits: { ...new FakeRoom('r', person('me', 'Noor')).limits, fileSize: 10 },
  allows: ({ name }: { name: string }) => !name.endsWith('.exe'),
};

describe('admit', () => {
  it('says what the rules of the room leave out', () => {
    const { files, refusals } = admit([file('a.exe', 1), file('a.txt', 1)], room, english);
    expect(files.map(({ name }) => name)).toEqual(['a.txt']);
    expect(refusals).toEqual(['“a.exe” is of a type that may not be shared in this room.']);
  });

  it('lets good files through and says why others are left out', () => {
    const good = file('good.txt', 5);
    const { files, refusals } = admit([good, file('empty.txt', 0), file('big.iso', 11)], room, english);
    expect(files).toEqual([good]);
    expect(refusals).toHaveLength(2);
    expect(refusals[0]).toBe('“empty.txt” is empty.');
    expect(refusals[1]).toContain('“big.iso” is larger than this room allows (10 bytes)');
  });

  it('takes a file of exactly the limit', () => {
    expect(admit([file('edge.bin', 10)], room, english).refusals).toEqual([]);
  });

  it('counts instead of listing many', () => {
    const empty = ['a', 'b', 'c'].map((name) => file(name, 0));
    expect(admit(empty, room, english).refusals).toEqual(['“a” and 2 others are empty.']);
    expect(admit(empty.slice(0, 2), room, english).refusals).toEqual(['“a” and “b” are empty.']);
  });
});

describe('a pasted picture', () => {
  const now = new Date(2026, 2, 4, 9, 5, 7);

  it('is named by its time', () => {
    const named = namePasted(new File(['x'], 'image.png', { type: 'image/png' }), now, english);
    expect(named.name).toBe('Pasted image 2026-03-04 09.05.07.png');
    expect(named.type).toBe('image/png');
    expect(named.size).toBe(1);
  });

  it('keeps a name of its own', () => {
    const own = new File(['x'], 'plan.png');
    expect(namePasted(own, now, english)).toBe(own);
  });
});

it('tells files, folders and text apart in a drop', () => {
  const dropped = file('a.txt', 1);
  const photos = { isDirectory: true, name: 'Photos' };
  const items = [
    { kind: 'file', webkitGetAsEntry: () => ({ isDirectory: false }), getAsFile: () => dropped },
    { kind: 'file', webkitGetAsEntry: () => photos, getAsFile: () => file('Photos', 0) },
    { kind: 'string' },
    { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => null },
  ];
  expect(contentsOf({ items } as unknown as DataTransfer)).toEqual({ files: [dropped], folders: [photos] });
});
