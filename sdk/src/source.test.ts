import { describe, expect, it } from 'vitest';
import { type FileSource, snapshot } from './source.js';

const file = (name: string) => new File(['x'], name, { type: 'text/plain', lastModified: 7 });

describe('snapshot', () => {
  const a = file('a.txt');
  const b = file('b.txt');

  it.each<[string, FileSource, string[]]>([
    ['one file', a, ['a.txt']],
    ['an array', [a, b], ['a.txt', 'b.txt']],
    ['any iterable', new Set([b, a]), ['b.txt', 'a.txt']],
    ['what has a length, as a FileList', { length: 2, 0: a, 1: b }, ['a.txt', 'b.txt']],
    ['a blob without a name', new Blob(['x']), ['file']],
  ])('takes %s', (_, source, names) => {
    expect(snapshot(source).map((taken) => taken.name)).toEqual(names);
  });

  it('keeps what a resume needs', () => {
    expect(snapshot(a)).toEqual([{ blob: a, name: 'a.txt', type: 'text/plain', path: '', lastModified: 7 }]);
    expect(snapshot(new Blob(['x']))[0]?.lastModified).toBeUndefined();
  });

  it('knows where a file lies', () => {
    const picked = Object.defineProperty(file('b.txt'), 'webkitRelativePath', { value: 'photos/2024/b.txt' });
    expect(snapshot([picked, a]).map(({ path }) => path)).toEqual(['photos/2024', '']);
    expect(snapshot([picked, a], ({ name }) => `of ${name}`).map(({ path }) => path)).toEqual(['of b.txt', 'of a.txt']);
  });

  it('does not follow a list that is cleared afterwards', () => {
    const list = [a, b];
    const taken = snapshot(list);
    list.length = 0;
    expect(taken).toHaveLength(2);
  });

  it('takes a file of another frame', () => {
    const foreign = { size: 1, type: '', name: 'f', slice() {}, async arrayBuffer() {} };
    expect(snapshot(foreign as unknown as File)[0]?.name).toBe('f');
  });

  it.each([[[]], [{ length: 0 }], [null], [undefined], ['']])('refuses the empty %j', (source) => {
    expect(() => snapshot(source as never)).toThrow(expect.objectContaining({ code: 'empty-list' }));
  });

  it.each([[['a.txt']], [[a, null]], [[{ name: 'a', size: 3 }]]])('refuses what is no file', (source) => {
    expect(() => snapshot(source as never)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
