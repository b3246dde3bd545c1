import { describe, expect, it } from 'vitest';
import { download, FakeRoom, failed, person, sharedFile, upload } from '../dev/fake-room.js';
import { buildCards, type CardState, hasEnded, sectionOf, TransferKeys } from './cards.js';
import { intoSections } from './groups.js';
import type { FilePort, TransferPort } from './ports.js';

const ME = person('me', 'Noor');

function roomWith(files: readonly FilePort[], transfers: readonly TransferPort[] = []): FakeRoom {
  const room = new FakeRoom('r', ME);
  for (const file of files) room.files.set(file.id, file);
  room.transfers.push(...transfers);
  return room;
}

function only(files: readonly FilePort[], transfers: readonly TransferPort[] = []) {
  const cards = buildCards(roomWith(files, transfers), new TransferKeys());
  const [card] = cards;
  if (card === undefined || cards.length > 1) throw new Error(`expected one card, got ${cards.length}`);
  return card;
}

describe('a file of someone else', () => {
  const cases: [CardState, FilePort['state'], TransferPort['state'] | undefined][] = [
    ['arriving', 'uploading', undefined],
    ['arriving', 'uploading', { kind: 'cancelled', by: 'me' }],
    ['download-waiting', 'uploading', { kind: 'waiting' }],
    ['downloading', 'uploading', { kind: 'running' }],
    ['checking', 'uploading', { kind: 'verifying' }],
    ['download-failed', 'uploading', failed('upload-stalled')],
    ['available', 'available', undefined],
    ['download-waiting', 'available', { kind: 'waiting' }],
    ['downloading', 'available', { kind: 'running' }],
    ['download-paused', 'available', { kind: 'paused', reason: 'network' }],
    ['checking', 'available', { kind: 'verifying' }],
    ['saved', 'available', { kind: 'completed' }],
    ['download-failed', 'available', failed('network')],
    ['available', 'available', { kind: 'cancelled', by: 'me' }],
    ['cancelled', 'cancelled', undefined],
    ['failed', 'failed', undefined],
    ['revoked', 'revoked', { kind: 'cancelled', by: 'sender' }],
    ['revoked', 'revoked', { kind: 'completed' }],
    ['expired', 'expired', undefined],
  ];
  it.each(cases)('is %s when the share is %s and the download %j', (state, shareState, transferState) => {
    const file = sharedFile('a.txt', { state: shareState });
    const transfers = transferState === undefined ? [] : [download(file, { state: transferState })];
    expect(only([file], transfers).state).toBe(state);
  });

  it('shows the latest of several downloads', () => {
    const file = sharedFile('a.txt');
    expect(only([file], [download(file, { state: failed('network') }), download(file)]).state).toBe('downloading');
  });

  it.each([
    ['declined', 'available', undefined],
    ['declined', 'uploading', { kind: 'cancelled', by: 'me' }],
    ['downloading', 'available', { kind: 'running' }],
    ['saved', 'available', { kind: 'completed' }],
    ['revoked', 'revoked', undefined],
  ] as [CardState, FilePort['state'], TransferPort['state'] | undefined][])(
    'is %s when I do not want it, the share is %s and the download %j',
    (state, shareState, transferState) => {
      const file = sharedFile('a.txt', { state: shareState, offset: 50 });
      const transfers = transferState === undefined ? [] : [download(file, { state: transferState })];
      const [card] = buildCards(roomWith([file], transfers), new TransferKeys(), new Set([file.id]));
      expect(card?.state).toBe(state);
    },
  );

  it('shows how far its sender is while it arrives', () => {
    const { progress } = only([sharedFile('a.txt', { state: 'uploading', offset: 50, size: 200 })]);
    expect(progress).toMatchObject({ transferred: 50, total: 200 });
  });

  it('carries the fault of a failed download', () => {
    const file = sharedFile('a.txt');
    expect(only([file], [download(file, { state: failed('hash-mismatch') })]).fault?.code).toBe('hash-mismatch');
  });
});

describe('a file of mine', () => {
  const cases: [CardState, TransferPort['state']][] = [
    ['waiting', { kind: 'waiting' }],
    ['uploading', { kind: 'running' }],
    ['upload-paused', { kind: 'paused', reason: 'network' }],
    ['finishing', { kind: 'verifying' }],
    ['finishing', { kind: 'completed' }],
    ['upload-failed', failed('network')],
    ['upload-cancelled', { kind: 'cancelled', by: 'me' }],
    ['cancelled', { kind: 'cancelled', by: 'room' }],
  ];
  it.each(cases)('is %s when its upload is %j', (state, transferState) => {
    expect(only([], [upload('a.txt', { state: transferState })]).state).toBe(state);
    const file = sharedFile('a.txt', { mine: true, state: 'uploading' });
    expect(only([file], [upload('a.txt', { state: transferState, file })]).state).toBe(state);
  });

  it('is shared once it is available, whatever its upload still says', () => {
    const file = sharedFile('a.txt', { mine: true });
    expect(only([file], [upload('a.txt', { file, state: { kind: 'verifying' } })]).state).toBe('shared');
  });

  it('asks for the file again when a reload lost its upload', () => {
    const card = only([sharedFile('a.txt', { mine: true, state: 'uploading', offset: 10, size: 20 })]);
    expect(card.state).toBe('needs-file');
    expect(card.progress).toEqual({ transferred: 10, total: 20, rate: 0, eta: undefined });
  });

  it('is one card when news of its share overtakes the reply to its upload', () => {
    const waiting = upload('a.txt', { state: { kind: 'waiting' } });
    const file = sharedFile('a.txt', { mine: true, state: 'uploading', size: waiting.size });
    expect(only([file], [waiting]).state).toBe('waiting');
    const other = sharedFile('b.txt', { mine: true, state: 'uploading', size: waiting.size });
    expect(buildCards(roomWith([other], [waiting]), new TransferKeys())).toHaveLength(2);
  });

  it('keeps its retry when the server gave up the share too', () => {
    const file = sharedFile('a.txt', { mine: true, state: 'failed' });
    expect(only([file], [upload('a.txt', { file, state: failed('network') })]).state).toBe('upload-failed');
  });

  it('keeps its key when the server names its share', () => {
    const keys = new TransferKeys();
    const file = sharedFile('a.txt', { mine: true, state: 'uploading' });
    const sending = { ...upload('a.txt'), file: undefined as FilePort | undefined };
    const before = buildCards(roomWith([], [sending]), keys)[0]?.key;
    sending.file = file;
    const after = buildCards(roomWith([file], [sending]), keys)[0]?.key;
    expect(after).toBe(before);
  });

  it('shows one card for a share whose upload was begun twice', () => {
    const file = sharedFile('a.txt', { mine: true, state: 'uploading' });
    const card = only([file], [upload('a.txt', { file, state: failed('network') }), upload('a.txt', { file })]);
    expect(card.state).toBe('uploading');
  });
});

describe('sections', () => {
  it('deal every card out once, newest first, and leave empty ones out', () => {
    const files = [
      sharedFile('old.txt'),
      sharedFile('new.txt'),
      sharedFile('for me.txt', { to: ['me'] }),
      sharedFile('sent.txt', { mine: true, to: ['ana'] }),
    ];
    const sections = intoSections(buildCards(roomWith(files, [upload('going.txt')]), new TransferKeys()));
    expect(sections.map(({ id, cards }) => [id, cards.map(({ name }) => name)])).toEqual([
      ['sending', ['going.txt']],
      ['for-you', ['for me.txt']],
      ['everyone', ['new.txt', 'old.txt']],
      ['sent', ['sent.txt']],
    ]);
    expect(intoSections([])).toEqual([]);
  });

  it('keep the order of files that were offered in one moment', () => {
    const createdAt = new Date(0);
    const files = ['1', '2', '3'].map((name) => sharedFile(name, { createdAt }));
    expect(buildCards(roomWith(files), new TransferKeys()).map(({ name }) => name)).toEqual(['1', '2', '3']);
  });

  it('keep an ended share where it was', () => {
    const card = only([sharedFile('a.txt', { state: 'revoked', to: ['me'] })]);
    expect(sectionOf(card)).toBe('for-you');
    expect(hasEnded(card.state)).toBe(true);
  });
});
