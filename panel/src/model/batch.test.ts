import { describe, expect, it } from 'vitest';
import { download, failed, sharedFile, upload } from '../dev/fake-room.js';
import { Batch, isActive } from './batch.js';
import type { TransferPort, UploadPort } from './ports.js';

type Draft = { -readonly [K in keyof UploadPort]: UploadPort[K] };

function running(size: number, transferred: number, rate = 10): Draft {
  return upload('a', { size, progress: { transferred, total: size, rate, eta: 1 } });
}

describe('batch', () => {
  it('sums what is on its way, once there are two', () => {
    const batch = new Batch();
    const first = running(100, 50);
    expect(batch.update([first])).toBeUndefined();
    const second = download(sharedFile('b', { size: 300 }), {
      progress: { transferred: 50, total: 300, rate: 20, eta: 1 },
    });
    expect(batch.update([first, second])).toEqual({
      transferred: 100,
      total: 400,
      rate: 30,
      eta: 10,
      uploads: 1,
      downloads: 1,
    });
  });

  it('never jumps back when one is done', () => {
    const batch = new Batch();
    const first = running(100, 90);
    const transfers = [first, running(100, 20), running(100, 0)];
    expect(batch.update(transfers)?.transferred).toBe(110);
    first.state = { kind: 'completed' };
    expect(batch.update(transfers)).toMatchObject({ transferred: 120, total: 300, uploads: 2 });
  });

  it('leaves out what failed or was cancelled', () => {
    const batch = new Batch();
    const first = running(100, 90);
    const transfers = [first, running(100, 20), running(100, 0)];
    batch.update(transfers);
    first.state = { kind: 'cancelled', by: 'me' };
    expect(batch.update(transfers)).toMatchObject({ transferred: 20, total: 200 });
  });

  it('starts anew after everything ended', () => {
    const batch = new Batch();
    const old = running(100, 90);
    batch.update([old]);
    old.state = { kind: 'completed' };
    expect(batch.update([old])).toBeUndefined();
    expect(batch.update([old, running(10, 0), running(10, 0)])?.total).toBe(20);
  });

  it('knows no time left without a rate', () => {
    expect(new Batch().update([running(10, 0, 0), running(10, 0, 0)])?.eta).toBeUndefined();
  });
});

it('is active until an end', () => {
  const states: [TransferPort['state'], boolean][] = [
    [{ kind: 'waiting' }, true],
    [{ kind: 'paused', reason: 'network' }, true],
    [{ kind: 'verifying' }, true],
    [{ kind: 'completed' }, false],
    [failed('network'), false],
    [{ kind: 'cancelled', by: 'room' }, false],
  ];
  for (const [state, want] of states) expect(isActive(upload('a', { state }))).toBe(want);
});
