import type { FileActions } from '../file.js';

function refuse(): never {
  throw new Error('no action belongs to this test');
}

/** The actions of files that are only looked at. */
export const noActions: FileActions = {
  download: refuse,
  save: refuse,
  link: refuse,
  revoke: refuse,
  thumbnail: refuse,
  receipts: refuse,
  markSeen: refuse,
  decline: refuse,
};
