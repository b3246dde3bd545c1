import { expect, it } from 'vitest';
import { archiveName, entryNames } from './names.js';

const named = (...paths: string[]) =>
  entryNames(
    paths.map((whole) => ({ path: whole.split('/').slice(0, -1).join('/'), name: whole.split('/').at(-1) ?? '' })),
  );

it.each<[string, string[], string[]]>([
  ['folders', ['a.txt', 'photos/a.txt', 'photos/2024/a.txt'], ['a.txt', 'photos/a.txt', 'photos/2024/a.txt']],
  ['the same name', ['a.txt', 'a.txt', 'a.txt'], ['a.txt', 'a (2).txt', 'a (3).txt']],
  ['the same but for capitals', ['p/A.txt', 'p/a.TXT'], ['p/A.txt', 'p/a (2).TXT']],
  ['what was counted by its sender', ['a.txt', 'a (2).txt', 'a.txt'], ['a.txt', 'a (2).txt', 'a (3).txt']],
  [
    'a file that is called as a folder',
    ['photos', 'photos/a.txt', 'Photos'],
    ['photos (2)', 'photos/a.txt', 'Photos (3)'],
  ],
  [
    'no extension, and a dot in a folder',
    ['v1.2/a', 'v1.2/a', '.git', '.git'],
    ['v1.2/a', 'v1.2/a (2)', '.git', '.git (2)'],
  ],
  [
    'what Windows does not take',
    ['a:b?.txt', 'con', 'p/NUL.txt', 'com1/x', 'a. '],
    ['a_b_.txt', '_con', 'p/_NUL.txt', '_com1/x', 'a'],
  ],
  ['what would lead elsewhere', ['../a', 'p/../../b', 'c\\..\\d'], ['a', 'p/b', 'c_.._d']],
])('an archive with %s', (_, paths, names) => {
  expect(named(...paths)).toEqual(names);
});

it('has a name itself', () => {
  expect([archiveName('Files from A/B: 1'), archiveName('..'), archiveName('aux')]).toEqual([
    'Files from A_B_ 1.zip',
    'files.zip',
    '_aux.zip',
  ]);
});
