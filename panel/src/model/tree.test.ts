import { expect, it } from 'vitest';
import { MAX_FILES, pathOf, readTree } from './tree.js';

/** A folder as a drop has it: entries come some at a time, and a file or a folder may fail. */
function folder(name: string, children: Record<string, unknown>): FileSystemDirectoryEntry {
  const entries = Object.entries(children).map(([child, content]) => entryOf(child, content));
  const createReader = () => {
    let at = 0;
    return {
      readEntries: (resolve: (some: unknown[]) => void) => {
        resolve(entries.slice(at, at + 100));
        at += 100;
      },
    };
  };
  return { name, isDirectory: true, createReader } as unknown as FileSystemDirectoryEntry;
}

function entryOf(name: string, content: unknown): unknown {
  if (content === 'unreadable folder') {
    const readEntries = (_: unknown, reject: (error: Error) => void) => reject(new Error('no'));
    return { name, isDirectory: true, createReader: () => ({ readEntries }) };
  }
  if (typeof content === 'object') return folder(name, content as Record<string, unknown>);
  const file = (resolve: (file: File) => void, reject: (error: Error) => void) =>
    content === 'unreadable' ? reject(new Error('no')) : resolve(new File([String(content)], name));
  return { name, isDirectory: false, file };
}

const told = ({ files }: { files: File[] }) => files.map((file) => `${pathOf(file)} ${file.name}`);

it('reads folders with those within, and knows where each file lies', async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}`, 'x']));
  const photos = folder('photos', { 'a.jpg': 'a', y2024: { summer: { 'b.jpg': 'b' }, none: {} }, many });
  const tree = await readTree([photos, folder('notes', { 'a.jpg': 'other' })], [new File(['x'], 'loose.txt')]);
  expect(told(tree).slice(0, 3)).toEqual([' loose.txt', 'photos a.jpg', 'photos/y2024/summer b.jpg']);
  expect(told(tree).at(-1)).toBe('notes a.jpg');
  expect([tree.files.length, tree.cut, tree.unread]).toEqual([254, false, 0]);
});

it('says what it could not read, and reads the rest', async () => {
  const tree = await readTree([folder('f', { a: 'unreadable', b: 'unreadable folder', c: 'c' })], []);
  expect([told(tree), tree.unread]).toEqual([['f c'], 2]);
});

it('ends somewhere', async () => {
  const files = Object.fromEntries(Array.from({ length: MAX_FILES + 1 }, (_, i) => [`${i}`, 'x']));
  const tree = await readTree([folder('f', files)], []);
  expect([tree.files.length, tree.cut]).toEqual([MAX_FILES, true]);
  let deep: Record<string, unknown> = { 'a.txt': 'x' };
  for (let depth = 0; depth < 40; depth++) deep = { d: deep };
  expect((await readTree([folder('f', deep)], [])).unread).toBe(1);
});

it('knows the folders of files that were chosen with them', () => {
  const chosen = Object.defineProperty(new File(['x'], 'a.txt'), 'webkitRelativePath', { value: 'photos/2024/a.txt' });
  expect([pathOf(chosen), pathOf(new File(['x'], 'a.txt'))]).toEqual(['photos/2024', '']);
});
