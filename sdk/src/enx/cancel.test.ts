import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCancel } from './cancel.js';
import { share } from './fake-core.js';
import { file, Scene, settle } from './scene.js';

let scene: Scene;

beforeEach(async () => {
  vi.useFakeTimers();
  scene = new Scene();
  for (const n of [0, 1]) scene.core.add(share({ id: `sh_${n}`, room: scene.core }));
  await scene.connect();
  scene.room.sendFiles([file('a'), file('b')], {}, scene.callback('sent'));
  for (const index of [0, 1]) scene.room.recvFiles(index, {}, scene.callback('received'));
  await settle();
  scene.take();
});
afterEach(() => void vi.useRealTimers());

describe('the forms of a cancel', () => {
  const done = () => {};
  it.each([
    [[1, false, done], { all: false, id: '1' }],
    [['1', false, done], { all: false, id: '1' }],
    [[1, done], { all: false, id: '1' }],
    [[1], { all: false, id: '1' }],
    [[1, true, done], { all: true, id: '1' }],
    [[false, 1, done], { all: false, id: '1' }],
    [[false, '0', done], { all: false, id: '0' }],
    [[true, 'cancel', done], { all: true, id: 'cancel' }],
    [[true, 1, done], { all: true, id: '1' }],
    [[true, done], { all: true, id: undefined }],
    [[null, true, done], { all: true, id: undefined }],
    [[undefined, false, done], { all: false, id: undefined }],
    [['', false, done], { all: false, id: undefined }],
    [[{}, false, done], { all: false, id: undefined }],
    [[], { all: false, id: undefined }],
  ])('%j', (args, read) => {
    const callback = args.includes(done as never) ? done : undefined;
    expect(readCancel(args)).toEqual({ ...read, callback });
  });
});

describe.each([
  { method: 'cancelUploads', ids: [1, 2], ended: 'upload-failed', callback: 'sent', code: 1182 },
  { method: 'cancelDownloads', ids: [0, 1], ended: 'download-failed', callback: 'received', code: 1183 },
] as const)('$method', ({ method, ids: [first, second], ended, callback, code }) => {
  const cancel = (...args: unknown[]) => scene.room[method](...args, scene.callback('cancelled'));
  const cancels = () =>
    method === 'cancelUploads'
      ? [scene.upload(0).cancels, scene.upload(1).cancels]
      : ['sh_0', 'sh_1'].map((id) => scene.core.files.get(id)?.latest.cancels);

  it.each([
    ['(id, false, cb)', [first, false]],
    ['("id", false, cb)', [String(first), false]],
    ['(false, id, cb)', [false, first]],
    ['(false, "id", cb)', [false, String(first)]],
    ['(id, cb)', [first]],
  ])('%s ends that job alone, on its failure path', async (_form, args) => {
    cancel(...args);
    await settle();
    expect(cancels()).toEqual([1, 0]);
    expect(scene.told('cancelled')).toMatchObject([{ result: 0 }]);
    expect(scene.told(ended)).toHaveLength(1);
    expect(scene.told(callback)).toMatchObject([{ result: code }]);
  });

  it.each([
    ['(id, true, cb)', [first, true]],
    ['(true, id, cb)', [true, first]],
    ['(true, "cancel", cb)', [true, 'cancel']],
    ['(null, true, cb)', [null, true]],
    ['(true, cb)', [true]],
  ])('%s ends all', async (_form, args) => {
    cancel(...args);
    await settle();
    expect(cancels()).toEqual([1, 1]);
    expect(scene.told('cancelled')).toMatchObject([{ result: 0 }]);
    expect(scene.told(ended)).toHaveLength(2);
    expect(scene.told(callback)).toHaveLength(2);
  });

  it('of all is 0 even with nothing running', async () => {
    cancel(true, 'cancel');
    await settle();
    scene.take();
    cancel(true, 'cancel');
    await settle();
    expect(scene.seen).toMatchObject([{ what: 'cancelled', told: { result: 0 } }]);
  });

  it.each([[99], ['x'], [undefined], [null], [{}]])('of %j is refused, and nothing ends', async (id) => {
    cancel(id, false);
    await settle();
    const [told] = scene.told('cancelled');
    expect(told?.result).not.toBe(0);
    expect(told?.description).toBeTypeOf('string');
    expect(cancels()).toEqual([0, 0]);
  });

  it('of a job that has ended is refused', async () => {
    cancel(second, false);
    await settle();
    scene.take();
    cancel(second, false);
    await settle();
    expect(scene.seen).toMatchObject([{ what: 'cancelled', told: { result: 1155 } }]);
  });

  it('does without a callback', async () => {
    for (const odd of [undefined, {}, []]) scene.room[method](first, false, odd);
    await settle();
    expect(scene.told(ended)).toHaveLength(1);
  });
});

describe('a cancel that comes too late', () => {
  it('lets the upload that completed first be completed, and says nothing else', async () => {
    const upload = scene.upload(0);
    upload.cancel = () => upload.complete();
    scene.room.cancelUploads(1, false, scene.callback('cancelled'));
    await settle();
    expect(scene.take().sort()).toEqual(['cancelled', 'sent', 'upload-completed']);
  });
});
