import { describe, expect, it } from 'vitest';
import { downloadFailure, faultOf, uploadFailure } from './errors.js';

describe('a fault', () => {
  it.each([
    [
      { code: 'x', message: 'm', detail: 'd', status: 413 },
      { code: 'x', message: 'm', detail: 'd', status: 413 },
    ],
    [Object.assign(new Error('m'), { code: 'x' }), { code: 'x', message: 'm' }],
    [{ code: 'x' }, { code: 'x', message: 'x' }],
    [new Error('m'), { code: 'internal', message: 'm' }],
    ['text', { code: 'internal', message: 'text' }],
    [undefined, { code: 'internal', message: 'undefined' }],
    [
      { code: 7, message: 'm' },
      { code: 'internal', message: '[object Object]' },
    ],
  ])('of %j', (cause, fault) => {
    expect(faultOf(cause)).toEqual(fault);
  });

  it('is told in the words of its one occasion, where the server gave some', () => {
    const fault = { code: 'room-full', message: 'the room is full', detail: 'no more than 20 GiB' };
    expect(uploadFailure(fault, 1).desc).toBe('file upload failed: no more than 20 GiB');
    expect(downloadFailure({ ...fault, detail: undefined }).desc).toBe('file download failed: the room is full');
  });
});

describe('an upload that failed', () => {
  it.each([
    ['empty-list', 1185],
    ['empty-file', 1186],
    ['file-too-large', 1187],
    ['unknown-recipient', 1155],
    ['not-connected', 1180],
    ['cancelled', 1182],
    ['too-many-uploads', 1182],
    ['sharing-off', 1182],
    ['', 1182],
  ])('by %s is %i', (code, result) => {
    expect(uploadFailure({ code, message: '' }, 5)).toMatchObject({ result });
  });

  it('by its size names the limit', () => {
    expect(uploadFailure({ code: 'file-too-large', message: '' }, 2147483648).desc).toContain('2147483648 bytes');
  });
});

describe('a download that failed', () => {
  it.each([
    ['share-not-found', 1181],
    ['share-ended', 1181],
    ['forbidden', 1181],
    ['not-connected', 1180],
    ['cancelled', 1183],
    ['hash-mismatch', 1183],
    ['no-space', 1183],
  ])('by %s is %i', (code, result) => {
    expect(downloadFailure({ code, message: '' })).toMatchObject({ result });
  });
});
