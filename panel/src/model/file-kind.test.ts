import { expect, it } from 'vitest';
import { fileKind, splitName } from './file-kind.js';

it.each([
  ['Photo.JPG', '', 'image'],
  ['clip', 'video/mp4', 'video'],
  ['a.b.tar.gz', 'application/gzip', 'archive'],
  ['notes', 'text/plain', 'text'],
  ['README', '', 'other'],
  ['main.go', 'text/plain', 'code'],
  ['.zip', '', 'archive'],
])('takes %j of type %j for %s', (name, type, want) => {
  expect(fileKind(name, type)).toBe(want);
});

it('keeps the end of a long name in sight, and every character of it', () => {
  const name = 'Contract draft with tracked changes final-2.pdf';
  const { head, tail } = splitName(name);
  expect(tail).toBe('al-2.pdf');
  expect(head + tail).toBe(name);
});

it.each(['short.pdf', 'تقرير الربع الثالث النهائي للمراجعة.pdf'])('leaves %s whole', (name) => {
  expect(splitName(name)).toEqual({ head: name, tail: '' });
});

it('never cuts a character in two', () => {
  const name = `${'😀'.repeat(30)}.png`;
  const { head, tail } = splitName(name);
  expect(head + tail).toBe(name);
  expect(tail).toBe(`${'😀'.repeat(4)}.png`);
});
