import { HandoutError } from '@handout/sdk';
import { describe, expect, it } from 'vitest';
import { download, FakeRoom, person, sharedFile, upload } from '../dev/fake-room.js';
import { english } from '../messages/words.js';
import { buildCards, type Card, TransferKeys } from './cards.js';
import type { TransferPort } from './ports.js';
import {
  errorText,
  expiryText,
  faultText,
  joinFaultText,
  percent,
  progressText,
  sizeText,
  stateText,
} from './wording.js';

function cardOf(transfer: TransferPort): Card {
  const room = new FakeRoom('r', person('me', 'Noor'));
  if (transfer.kind === 'download') room.files.set(transfer.file.id, transfer.file);
  room.transfers.push(transfer);
  const [card] = buildCards(room, new TransferKeys());
  if (card === undefined) throw new Error('the transfer made no card');
  return card;
}

describe('percent', () => {
  it.each([
    [0, 0, 0],
    [0, 10, 0],
    [999, 1_000, 99],
    [999_999_999, 1_000_000_000, 99],
    [10, 10, 100],
    [11, 10, 100],
  ])('of %d in %d is %d', (transferred, total, want) => {
    expect(percent(transferred, total)).toBe(want);
  });
});

describe('progress', () => {
  it('says share, rate and time left while it runs', () => {
    const text = progressText(
      cardOf(upload('a', { size: 200, progress: { transferred: 50, total: 200, rate: 10, eta: 15 } })),
      english,
    );
    expect(text).toBe('25% · 10 byte/s · 15 sec left');
  });

  it('says only the share while it is paused', () => {
    const paused = download(sharedFile('a', { size: 100 }), { state: { kind: 'paused', reason: 'network' } });
    expect(progressText(cardOf(paused), english)).toBe('72%');
  });

  it('promises no time when all is on its way', () => {
    const all = { transferred: 200, total: 200, rate: 10, eta: 0 };
    expect(progressText(cardOf(upload('a', { size: 200, progress: all })), english)).toBe('100%');
  });

  it('leaves out a rate and a time that are not known', () => {
    expect(
      progressText(cardOf(upload('a', { progress: { transferred: 1, total: 4, rate: 0, eta: undefined } })), english),
    ).toBe('25%');
    expect(progressText(cardOf(upload('a', { state: { kind: 'waiting' } })), english)).toBe('');
  });
});

describe('time', () => {
  it.each([
    [1, '1 second'],
    [60, '1 minute'],
    [600, '10 minutes'],
    [90, '90 seconds'],
    [3_600, '1 hour'],
    [86_400, '24 hours'],
    [604_800, '7 days'],
    [0.4, '0 seconds'],
  ])('of %d s is spelled %s', (seconds, want) => {
    expect(english.spell(seconds)).toBe(want);
  });

  it('of a file comes from the limits', () => {
    expect(expiryText({ emptyRoomSeconds: 600, lifetimeSeconds: 86_400 }, english)).toBe(
      'Files are deleted when the room has been empty for 10 minutes, and after 24 hours at most.',
    );
  });
});

it('words known faults and hides unknown ones', () => {
  expect(faultText(new HandoutError('no-space', 'QuotaExceededError'), english)).toBe(
    'There is not enough space on this device',
  );
  expect(faultText(new HandoutError('brand-new', 'stack trace'), english)).toBe('Something went wrong');
});

it('words a cancelled share by who looks at it', () => {
  const card = cardOf(upload('a'));
  expect(stateText({ ...card, state: 'cancelled', mine: true }, english)).toBe('Cancelled');
  expect(stateText({ ...card, state: 'cancelled', mine: false }, english)).toBe('The sender cancelled this');
});

it('words what the server ended by its reason', () => {
  const card = cardOf(upload('a'));
  const ended = (reason: string | undefined, state: 'expired' | 'failed') =>
    stateText({ ...card, state, file: { ...sharedFile('a', { state }), reason } }, english);
  expect(ended('lifetime-over', 'expired')).toBe('Deleted: its time was up');
  expect(ended('room-empty', 'expired')).toBe('Deleted: nobody was in the room');
  expect(ended('room-empty', 'failed')).toBe('Deleted: nobody was in the room');
  expect(ended('storage-failed', 'expired')).toBe('The server has lost this file');
});

it('says from where an interrupted upload goes on', () => {
  const card: Card = { ...cardOf(upload('a')), state: 'needs-file' };
  expect(stateText(card, english)).toBe('Choose the file again to go on from 45%');
  expect(stateText({ ...card, progress: undefined }, english)).toBe('Choose the file again to go on');
});

it('says when a size is not known', () => {
  expect(sizeText(undefined, english)).toBe('Size not known yet');
  expect(sizeText(0, english)).toBe('0 bytes');
});

it('words what was thrown by its code, whoever made the error', () => {
  const foreign = Object.assign(new Error('no'), { code: 'storage-full' });
  expect(errorText(foreign, english)).toBe('The server has no space left.');
  expect(errorText('a string', english)).toBe('Something went wrong.');
});

it('says why a room cannot be joined, and what helps', () => {
  const said = (code: string) => joinFaultText({ code, message: '' }, english);
  expect(said('token-expired')).toBe('Your invitation is not valid, or no longer.');
  expect(said('forbidden')).toBe('You were removed from the room.');
  expect(said('too-many-requests')).toBe('Too much at once: wait a moment. Try again in a moment.');
});
