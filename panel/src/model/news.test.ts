import { expect, it } from 'vitest';
import { sharedFile } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import { News, type Offered, offerText } from './news.js';
import { Toasts } from './toasts.js';

const ana = { id: 'pt_ana', name: 'Ana' };
const files = (...names: string[]): Offered[] => names.map((name) => ({ name, sender: ana, to: 'room' }));

it('counts the batches of one send in one toast, while it is there', () => {
  const toasts = new Toasts(() => undefined, { set: () => 1, clear: () => undefined });
  const news = new News(toasts, () => english);
  const texts = () => toasts.items.map(({ text }) => text);
  news.offered(files('a.txt'));
  expect(texts()).toEqual(['Ana is sharing a.txt with everyone']);
  for (let i = 0; i < 40; i++) news.offered(files('b', 'c', 'd', 'e', 'f'));
  expect(texts()).toEqual(['Ana is sharing 201 files with everyone']);
  news.offered([{ name: 'secret.txt', sender: ana, to: ['pt_ben'] }]);
  expect(texts()).toEqual(['Ana is sharing 201 files with everyone', 'Ana is sending you secret.txt']);
  toasts.close(toasts.items[0]?.id ?? 0);
  news.offered(files('g.txt'));
  expect(texts()).toEqual(['Ana is sending you secret.txt', 'Ana is sharing g.txt with everyone']);
  news.offered([]);
  expect(texts()).toHaveLength(2);
});

it('says who offers what to whom', () => {
  expect(offerText([sharedFile('a.pdf')], english)).toBe('Ana Moreau is sharing a.pdf with everyone');
  expect(offerText([sharedFile('a'), sharedFile('b')], english)).toBe('Ana Moreau is sharing 2 files with everyone');
  expect(offerText([sharedFile('a.pdf', { to: ['me'] })], english)).toBe('Ana Moreau is sending you a.pdf');
  expect(offerText([], english)).toBe('');
});
