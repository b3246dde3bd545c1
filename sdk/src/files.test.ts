import { beforeEach, describe, expect, it } from 'vitest';
import { Files } from './files.js';
import { noActions } from './testing/actions.js';
import { share } from './testing/records.js';

let told: string[];
let files: Files;

beforeEach(() => {
  told = [];
  files = new Files('ana', noActions, {
    added: (file) => told.push(`added ${file.id} of ${files.byId.size}`),
    changed: (file) => told.push(`changed ${file.id} ${file.state} ${file.offset}`),
    offered: (batch) => told.push(`offered ${batch.map((file) => file.id)}`),
  });
});

describe('Files', () => {
  it('tells a batch of new files, grouped by sender, when all are known', () => {
    const bo = { id: 'bo', name: 'Bo' };
    const cy = { id: 'cy', name: 'Cy' };
    files.apply([share({ id: 'a', sender: bo }), share({ id: 'b', sender: cy }), share({ id: 'c', sender: bo })]);
    expect(told).toEqual(['added a of 3', 'added b of 3', 'added c of 3', 'offered a,c', 'offered b']);
  });

  it('offers neither my own files nor those that are complete already', () => {
    files.apply([
      share({ id: 'mine', sender: { id: 'ana', name: 'Ana' } }),
      share({ id: 'done', state: 'available', sha256: 'ab' }),
    ]);
    expect(told).toEqual(['added mine of 2', 'added done of 2']);
    expect(files.byId.get('mine')?.mine).toBe(true);
    expect(files.openUploads()).toBe(1);
  });

  it('offers a file of others that came whole, before it is added as available', () => {
    const whole = share({ id: 'whole', state: 'available', sha256: 'ab' });
    files.apply([whole, share({ id: 'mine', state: 'available', sender: { id: 'ana', name: 'Ana' } })], true);
    files.apply([whole], true);
    expect(told).toEqual(['offered whole', 'added whole of 2', 'added mine of 2']);
  });

  it('tells each change once, however often it comes', () => {
    const available = share({ state: 'available', rev: 2, offset: 5 });
    files.apply([share()]);
    told.length = 0;
    files.apply([share()]);
    files.apply([available]);
    files.apply([share(), available]);
    expect(told).toEqual(['changed sh_1 available 5']);
  });

  it('follows the offset within a revision and never backwards', () => {
    files.apply([share({ offset: 1 })]);
    told.length = 0;
    for (const offset of [3, 2, 3]) files.apply([share({ offset })]);
    expect(told).toEqual(['changed sh_1 uploading 3']);
  });

  it('keeps ended files and never hears of those that ended before', () => {
    files.apply([share(), share({ id: 'old', state: 'cancelled' })]);
    files.apply([share({ state: 'failed', reason: 'upload-idle', rev: 2 })]);
    expect([...files.byId.keys()]).toEqual(['sh_1']);
    expect(files.byId.get('sh_1')).toMatchObject({ state: 'failed', reason: 'upload-idle' });
    expect(files.openUploads()).toBe(0);
  });

  it('ends what the server has forgotten', () => {
    files.apply([share({ id: 'a' }), share({ id: 'b', state: 'available' }), share({ id: 'c', state: 'available' })]);
    told.length = 0;
    files.keepOnly(new Set(['c']));
    files.keepOnly(new Set(['c']));
    expect(told).toEqual(['changed a failed 0', 'changed b expired 0']);
  });

  it('gives a file its facts', () => {
    files.apply([share({ state: 'available', sha256: 'ab', availableAt: '2026-03-14T15:10:00Z', to: ['ana'] })]);
    expect(files.byId.get('sh_1')).toMatchObject({
      name: 'a.txt',
      type: 'text/plain',
      size: 5,
      sha256: 'ab',
      to: ['ana'],
      sender: { id: 'bo', name: 'Bo' },
      mine: false,
      reason: undefined,
      createdAt: new Date('2026-03-14T15:09:26.535Z'),
      expiresAt: new Date('2026-03-15T15:09:26.535Z'),
      availableAt: new Date('2026-03-14T15:10:00Z'),
    });
  });

  it('move on while they are uploading, and not back', () => {
    files.apply([share({ state: 'uploading', offset: 0 })]);
    told.length = 0;
    files.moved([
      { share: 'sh_1', bytes: 30 },
      { share: 'sh_1', bytes: 20 },
      { share: 'sh_1', participant: 'ben', bytes: 90 },
      { share: 'sh_of_nobody', bytes: 1 },
    ]);
    expect(files.byId.get('sh_1')?.offset).toBe(30);
    expect(told).toEqual(['changed sh_1 uploading 30']);
    files.apply([share({ state: 'available', offset: 100, rev: 2 })]);
    files.moved([{ share: 'sh_1', bytes: 999 }]);
    expect(files.byId.get('sh_1')?.offset).toBe(100);
  });
});
