import { afterEach, expect, it } from 'vitest';
import { say, speak, words } from './language.js';

afterEach(() => speak(['en']));

it('speaks the first language that it has, and the document says so', async () => {
  await speak(['tlh', 'de-CH', 'en']);
  expect(say('join.verb')).toBe('Raum betreten');
  expect(words().text('save')).toBe('Speichern');
  expect(say('chat.new', { count: 1 })).toBe('1 neue Nachricht');
  expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['de-CH', 'ltr']);
});

it('turns the document round where lines begin at the right', async () => {
  await speak(['ar']);
  expect(say('room.joined', { name: 'Ana' })).toBe('دخل \u2068Ana\u2069');
  expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['ar', 'rtl']);
});

it('speaks English where it has none of them', async () => {
  await speak(['tlh', 'not a language', '']);
  expect(say('join.verb')).toBe('Join room');
  expect(words().text('save')).toBe('Save');
  expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['en', 'ltr']);
});
