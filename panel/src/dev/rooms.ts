import { download, FakeRoom, failed, person, receipts, sharedFile, upload } from './fake-room.js';

export const ME = person('me', 'Noor Haddad', {
  role: 'moderator',
  grants: ['send', 'receive', 'sendToAll', 'moderate'],
});

export function room(more: readonly ReturnType<typeof person>[] = [], me = ME): FakeRoom {
  const made = new FakeRoom('weekly-review', me);
  for (const one of more) made.participants.set(one.id, one);
  return made;
}

export const PEOPLE = [
  person('ana', 'Ana Moreau'),
  person('kofi', 'Kofi Boateng'),
  person('zoe', 'Zoë Wójcik'),
  person('sam', 'Sam Okafor-Lindqvist von Habsburg the Third', { role: 'viewer' }),
];

/** Folders: of somebody else, partly saved; my own, on its way and one that failed in it; and one that is there. */
export function folders(): FakeRoom {
  const made = room(PEOPLE);
  const add = (file: ReturnType<typeof sharedFile>) => made.files.set(file.id, file).get(file.id) ?? file;
  for (let at = 1; at <= 60; at++) {
    const path = at % 3 === 0 ? 'Opening night/stage' : 'Opening night';
    const file = add(sharedFile(`IMG_${4000 + at}.jpg`, { path, size: 3_100_000 + at * 1_000, to: ['me'] }));
    if (at < 20) made.transfers.push(download(file, at < 16 ? { state: { kind: 'completed' } } : {}));
  }
  for (let at = 1; at <= 12; at++) {
    const path = 'Handover of the laboratory, second half of the year/protocols/raw';
    made.transfers.push(upload(`run-${at}.csv`, { path, ...(at === 7 ? { state: failed('network') } : {}) }));
  }
  const sender = { id: 'me', name: 'Noor Haddad' };
  for (const name of ['lease.pdf', 'annex.pdf']) add(sharedFile(name, { path: 'Contracts', mine: true, sender }));
  return made;
}

export function typical(): FakeRoom {
  const made = room(PEOPLE);
  const add = (file: ReturnType<typeof sharedFile>) => made.files.set(file.id, file).get(file.id) ?? file;
  add(sharedFile('Agenda.docx', { size: 38_400 }));
  made.transfers.push(
    download(
      add(sharedFile('Site walk-through.mp4', { size: 412_000_000, sender: { id: 'kofi', name: 'Kofi Boateng' } })),
      { state: { kind: 'completed' } },
    ),
  );
  const toAll = { mine: true, sender: { id: 'me', name: 'Noor Haddad' } };
  add(
    sharedFile('Q3 numbers.xlsx', {
      ...toAll,
      size: 186_000,
      receipts: receipts(
        { participant: 'ana', state: 'received' },
        { participant: 'kofi', state: 'received' },
        { participant: 'zoe', state: 'downloading', percent: 62 },
        { participant: 'sam', state: 'offered' },
      ),
    }),
  );
  made.transfers.push(download(add(sharedFile('Photos from the opening.zip', { size: 1_240_000_000 }))));
  add(sharedFile('Contract draft v7 with tracked changes from legal and finance.pdf', { to: ['me'], size: 2_310_000 }));
  add(
    sharedFile('Salary bands.csv', {
      mine: true,
      to: ['ana', 'kofi'],
      sender: { id: 'me', name: 'Noor Haddad' },
      size: 12_800,
      receipts: receipts({ participant: 'ana', state: 'received' }, { participant: 'kofi', state: 'received' }),
    }),
  );
  made.transfers.push(
    upload('Product film, final cut (graded).mov', {
      size: 843_000_000,
      progress: { transferred: 531_000_000, total: 843_000_000, rate: 14_800_000, eta: 21 },
    }),
  );
  return made;
}

export function everyState(): FakeRoom {
  const made = room(PEOPLE);
  const mine = { mine: true, sender: { id: 'me', name: 'Noor Haddad' } };
  const add = (file: ReturnType<typeof sharedFile>) => made.files.set(file.id, file).get(file.id) ?? file;
  made.transfers.push(
    upload('waiting.png', {
      state: { kind: 'waiting' },
      progress: { transferred: 0, total: 48_000_000, rate: 0, eta: undefined },
    }),
    upload('running.mov'),
    upload('paused.wav', { state: { kind: 'paused', reason: 'network' }, to: ['ana'] }),
    upload('finishing.key', {
      state: { kind: 'verifying' },
      progress: { transferred: 48e6, total: 48e6, rate: 0, eta: undefined },
    }),
    upload('failed.iso', { state: failed('network') }),
    upload('cancelled.txt', { state: { kind: 'cancelled', by: 'me' } }),
  );
  add(sharedFile('after a reload.sql', { ...mine, state: 'uploading', offset: 2_000_000 }));
  add(sharedFile('shared.ts', mine));
  add(sharedFile('arriving.flac', { state: 'uploading', offset: 1_600_000 }));
  add(sharedFile('available.pdf'));
  made.transfers.push(
    download(add(sharedFile('saving.zip'))),
    download(add(sharedFile('saving, paused.zip')), { state: { kind: 'paused', reason: 'network' } }),
    download(add(sharedFile('checking.zip')), {
      state: { kind: 'verifying' },
      progress: { transferred: 4.2e6, total: 4.2e6, rate: 0, eta: undefined },
    }),
    download(add(sharedFile('saved.jpg')), { state: { kind: 'completed' } }),
    download(add(sharedFile('damaged.jpg')), { state: failed('hash-mismatch') }),
  );
  add(sharedFile('cancelled by Ana.pptx', { state: 'cancelled' }));
  add(sharedFile('given up.bin', { state: 'failed' }));
  add(sharedFile('withdrawn.md', { state: 'revoked' }));
  add(sharedFile('expired.csv', { state: 'expired' }));
  add(sharedFile('تقرير الربع الثالث النهائي للمراجعة.pdf', { to: ['me', 'kofi'] }));
  return made;
}

export function ledgers(): FakeRoom {
  const made = room(PEOPLE);
  const add = (name: string, more: Partial<ReturnType<typeof sharedFile>>) => {
    const file = sharedFile(name, { mine: true, sender: { id: 'me', name: 'Noor Haddad' }, ...more });
    made.files.set(file.id, file);
  };
  add('Every state of a receipt.mov', {
    size: 843_000_000,
    receipts: receipts(
      { participant: 'ana', state: 'received' },
      { participant: 'kofi', state: 'downloading', percent: 42 },
      { participant: 'zoe', state: 'seen' },
      { participant: 'sam', state: 'offered' },
      { participant: 'leo', name: 'Leo Fischer', state: 'downloading', percent: 80 },
      { participant: 'mei', name: 'Mei Lin', state: 'failed', reason: 'no-space' },
      { participant: 'ivo', name: 'Ivo', state: 'cancelled' },
      { participant: 'gus', name: 'Gus Lindqvist', state: 'declined' },
    ),
  });
  add('For one person.pdf', {
    to: ['ana'],
    receipts: receipts({ participant: 'ana', state: 'downloading', percent: 7 }),
  });
  add('Everyone has it.pdf', {
    receipts: receipts(
      { participant: 'ana', state: 'received' },
      { participant: 'kofi', state: 'received' },
      { participant: 'zoe', state: 'received' },
    ),
  });
  add('Withdrawn.pdf', {
    state: 'revoked',
    receipts: receipts({ participant: 'ana', state: 'received' }, { participant: 'kofi', state: 'offered' }),
  });
  return made;
}

export function reconnecting(): FakeRoom {
  const made = typical();
  made.state = { kind: 'reconnecting', since: 0 };
  return made;
}

export function switchedOff(me = ME): FakeRoom {
  const made = room(PEOPLE, me);
  made.sharing = { off: ['participant', 'viewer'], rev: 1 };
  made.maySend = me === ME;
  const file = sharedFile('Agenda.docx', { size: 38_400 });
  made.files.set(file.id, file);
  return made;
}
