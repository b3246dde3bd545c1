import { expect, it } from 'vitest';
import { sharedFile } from '../dev/fake-room.js';
import { offerText } from './news.js';
import { type Page, Unread } from './unread.js';

it('counts in the title only while nobody looks', () => {
  const page: { -readonly [K in keyof Page]: Page[K] } = { title: '', visibilityState: 'visible' };
  const unread = new Unread(page, 'weekly');
  unread.add(1);
  expect(page.title).toBe('weekly');
  page.visibilityState = 'hidden';
  unread.add(1);
  unread.add(2);
  expect(page.title).toBe('(3) weekly');
  unread.seen();
  expect(page.title).toBe('weekly');
});

it('says who offers what to whom', () => {
  expect(offerText([sharedFile('a.pdf')])).toBe('Ana Moreau is sharing a.pdf with everyone');
  expect(offerText([sharedFile('a'), sharedFile('b')])).toBe('Ana Moreau is sharing 2 files with everyone');
  expect(offerText([sharedFile('a.pdf', { to: ['me'] })])).toBe('Ana Moreau is sending you a.pdf');
  expect(offerText([])).toBe('');
});
