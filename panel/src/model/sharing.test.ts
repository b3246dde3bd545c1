import type { Sharing } from '@handout/sdk';
import { expect, it } from 'vitest';
import { OFF, sendersOf, switchedText, whyNot } from './sharing.js';

const off = (...roles: Sharing['off']): Sharing => ({ off: roles, rev: 1 });

it('knows its own choices again, in any order', () => {
  for (const senders of ['everyone', 'hosts', 'nobody'] as const) expect(sendersOf(off(...OFF[senders]))).toBe(senders);
  expect(sendersOf(off('viewer', 'participant'))).toBe('hosts');
  expect(sendersOf(off('viewer'))).toBe('some');
  expect(sendersOf(off('moderator', 'viewer'))).toBe('some');
});

it('says why one may not send', () => {
  expect(whyNot(off(), false)).toContain('not open to you');
  expect(whyNot(off('participant', 'viewer'), true)).toContain('only hosts');
  expect(whyNot(off('moderator', 'participant', 'viewer'), true)).toBe('Sharing is switched off in this room.');
});

it('says what has changed', () => {
  expect(switchedText(off(), true)).toBe('Sharing is switched on');
  expect(switchedText(off(...OFF.nobody), false)).toBe('Sharing is switched off');
  expect(switchedText(off(...OFF.hosts), true)).toBe('Only hosts may send files now');
  expect(switchedText(off('viewer'), true)).toBe('Not everyone may send files now');
  expect(switchedText(off('participant'), false)).toBe('You may not send files now');
});
