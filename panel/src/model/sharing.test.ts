import type { Sharing } from '@handout/sdk';
import { expect, it } from 'vitest';
import { english } from '../messages/words.js';
import { OFF, sendersOf, switchedText, whyNot } from './sharing.js';

const off = (...roles: Sharing['off']): Sharing => ({ off: roles, rev: 1 });

it('knows its own choices again, in any order', () => {
  for (const senders of ['everyone', 'hosts', 'nobody'] as const) expect(sendersOf(off(...OFF[senders]))).toBe(senders);
  expect(sendersOf(off('viewer', 'participant'))).toBe('hosts');
  expect(sendersOf(off('viewer'))).toBe('some');
  expect(sendersOf(off('moderator', 'viewer'))).toBe('some');
});

it('says why one may not send', () => {
  expect(whyNot(off(), false, english)).toContain('not open to you');
  expect(whyNot(off('participant', 'viewer'), true, english)).toContain('only hosts');
  expect(whyNot(off('moderator', 'participant', 'viewer'), true, english)).toBe(
    'Sharing is switched off in this room.',
  );
});

it('says what has changed', () => {
  expect(switchedText(off(), true, english)).toBe('Sharing is switched on');
  expect(switchedText(off(...OFF.nobody), false, english)).toBe('Sharing is switched off');
  expect(switchedText(off(...OFF.hosts), true, english)).toBe('Only hosts may send files now');
  expect(switchedText(off('viewer'), true, english)).toBe('Not everyone may send files now');
  expect(switchedText(off('participant'), false, english)).toBe('You may not send files now');
});
