import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomEventRecord } from './protocol.js';
import type { Room } from './room.js';
import { receipt, share } from './testing/records.js';
import { FakeNetwork } from './testing/room.js';

const RECEIPTS = '/v1/rooms/rm_1/receipts';

let network: FakeNetwork;

beforeEach(() => {
  network = new FakeNetwork();
});

function push(seq: number, event: Partial<RoomEventRecord>): void {
  network.push.event({ stream: 'personal', seq, time: '', ...event } as RoomEventRecord);
}

function listen(room: Room): string[] {
  const told: string[] = [];
  room.on('receipts-changed', ({ file, receipts }) =>
    told.push(`${file.name}: ${receipts.map((one) => `${one.name} ${one.state} ${one.percent} %`)}`),
  );
  return told;
}

describe('a sender', () => {
  it('reads its receipts when it joins, and follows them', async () => {
    network.shares = [share({ sender: { id: 'ana', name: 'Ana' } })];
    network.receipts = [receipt({ state: 'seen', rev: 1 })];
    const room = await network.joined();
    expect(network.asked).toContain(`GET ${RECEIPTS}`);
    expect(room.files.get('sh_1')?.receipts.get('bo')?.state).toBe('seen');
    const told = listen(room);
    push(1, { type: 'receipts.changed', receipts: [receipt({ state: 'downloading', rev: 2 })] });
    network.push.event({
      type: 'transfers.moved',
      time: '',
      transfers: [{ share: 'sh_1', participant: 'bo', bytes: 3 }],
    });
    push(2, { type: 'receipts.changed', receipts: [receipt({ state: 'received', rev: 3 })] });
    expect(told).toEqual(['a.txt: Bo downloading 0 %', 'a.txt: Bo downloading 60 %', 'a.txt: Bo received 100 %']);
  });
});

describe('a recipient', () => {
  it('asks for no receipts, and says once what it has seen and declined', async () => {
    network.shares = [share({ state: 'available', sha256: 'ab', rev: 2 })];
    const room = await network.joined();
    const file = room.files.get('sh_1');
    expect(network.asked).not.toContain(`GET ${RECEIPTS}`);
    expect(file?.receipts.size).toBe(0);
    file?.markSeen();
    file?.markSeen();
    await vi.waitFor(() => expect(network.bodies).toEqual([{ receipts: [{ share: 'sh_1', state: 'seen' }] }]));
    file?.markSeen();
    file?.decline();
    await vi.waitFor(() => expect(network.bodies.at(-1)).toEqual({ receipts: [{ share: 'sh_1', state: 'declined' }] }));
    expect(network.bodies).toHaveLength(2);
  });

  it('says what is left to say before it leaves', async () => {
    network.shares = [share()];
    const room = await network.joined();
    room.files.get('sh_1')?.markSeen();
    network.asked.length = 0;
    await room.leave();
    expect(network.asked).toEqual([`POST ${RECEIPTS}`, 'DELETE /v1/rooms/rm_1/participants/ana']);
  });
});
