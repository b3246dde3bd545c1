import { afterEach, expect, it, vi } from 'vitest';
import { saveToDisk } from './save.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it('gives the browser the file under its own name, and lets go of it later', () => {
  vi.useFakeTimers();
  const log: string[] = [];
  const anchor = {
    href: '',
    download: '',
    hidden: false,
    click: () => log.push(`click ${anchor.href} ${anchor.download}`),
    remove: () => log.push('remove'),
  };
  vi.stubGlobal('document', { createElement: () => anchor, body: { append: () => log.push('append') } });
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:1');
  vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => void log.push(`revoke ${url}`));
  saveToDisk(new File(['x'], 'a b.txt'));
  expect(log).toEqual(['append', 'click blob:1 a b.txt', 'remove']);
  vi.runAllTimers();
  expect(log.at(-1)).toBe('revoke blob:1');
});
