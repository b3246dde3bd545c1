import { beforeEach, describe, expect, it } from 'vitest';
import { HandoutError } from './errors.js';
import type { ParticipantRecord, RoomEventRecord, Roster, SharePage, ShareRecord, Stream } from './protocol.js';
import type { ReceiptPage } from './receipt-records.js';
import { Sync, type SyncSource } from './sync.js';
import { participant, receipt, SHARING, share } from './testing/records.js';

/** A source whose replies the test gives, one for each request, when it likes. */
class FakeSource implements SyncSource {
  readonly asked: string[] = [];
  #replies: (SharePage | Error)[] = [];
  #waiting: (() => void)[] = [];
  people: ParticipantRecord[] = [participant()];

  reply(...pages: (SharePage | Error)[]): void {
    this.#replies.push(...pages);
    for (const wake of this.#waiting.splice(0)) wake();
  }
  async sharesSince(cursor: string): Promise<SharePage> {
    this.asked.push(cursor);
    while (this.#replies.length === 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    const reply = this.#replies.shift() as SharePage | Error;
    if (reply instanceof Error) throw reply;
    return reply;
  }
  async roster(): Promise<Roster> {
    return { participants: this.people, sharing: SHARING };
  }
  readonly ledger: (ReceiptPage | Error)[] = [];
  async receiptsSince(seq: number): Promise<ReceiptPage> {
    this.asked.push(`receipts ${seq}`);
    const reply = this.ledger.shift() ?? new HandoutError('internal', 'nothing to read');
    if (reply instanceof Error) throw reply;
    return reply;
  }
}

const page = (seq: string, shares: ShareRecord[] = [], more: Partial<SharePage> = {}): SharePage => ({
  seq,
  shares,
  ...more,
});

function created(seq: number, stream: Stream = 'room'): RoomEventRecord {
  return { type: 'shares.created', stream, seq, time: '', shares: [share({ id: `sh_${stream}${seq}` })] };
}

describe('Sync', () => {
  let source: FakeSource;
  let told: string[];
  let slept: number[];
  let synced: (() => void)[];
  let sync: Sync;

  beforeEach(() => {
    source = new FakeSource();
    told = [];
    slept = [];
    synced = [];
    sync = new Sync(
      source,
      {
        shares: (shares) => told.push(`shares ${shares.map((s) => s.id)}`),
        onlyShares: (ids) => told.push(`only ${[...ids]}`),
        roster: ({ participants }) => told.push(`roster ${participants.map((p) => p.id)}`),
        wantsReceipts: () => source.ledger.length > 0,
        receipts: (receipts) => told.push(`receipts ${receipts.map((r) => r.participant)}`),
        event: (event) => told.push(`${event.stream} ${event.seq}`),
        synced: () => {
          told.push('synced');
          for (const tell of synced.splice(0)) tell();
        },
        refused: (error) => {
          told.push(`refused ${error.message}`);
          for (const tell of synced.splice(0)) tell();
        },
      },
      { sleep: async (ms) => void slept.push(ms), random: () => 1 },
      { minDelayMs: 100, maxDelayMs: 1_000 },
    );
  });

  const settled = () => new Promise<void>((resolve) => synced.push(resolve));

  async function ready(cursor = '0.0'): Promise<void> {
    sync.resync();
    const done = settled();
    source.reply(page(cursor));
    await done;
    told.length = 0;
    source.asked.length = 0;
  }

  it('reads all pages, then the roster', async () => {
    sync.resync();
    const done = settled();
    source.reply(page('3.0.9.9', [share()], { more: true }), page('7.2', [share({ id: 'sh_2' })]));
    await done;
    expect(source.asked).toEqual(['', '3.0.9.9']);
    expect(told).toEqual(['shares sh_1', 'shares sh_2', 'roster ana', 'synced']);
  });

  it('applies pushes in order, each once, both streams apart', async () => {
    await ready('4.1');
    for (const event of [created(5), created(4), created(2, 'personal'), created(5), created(6)]) sync.receive(event);
    expect(told).toEqual(['room 5', 'personal 2', 'room 6']);
    expect(source.asked).toEqual([]);
  });

  it('applies what is not counted as it comes, and reads nothing for it', async () => {
    await ready('4.1');
    for (const event of [created(0), created(0), created(2, 'personal')]) sync.receive(event);
    expect(told).toEqual(['room 0', 'room 0', 'personal 2']);
    expect(source.asked).toEqual([]);
  });

  it('reads again at a gap, from where it was', async () => {
    await ready('4.1');
    sync.receive(created(5));
    const done = settled();
    sync.receive(created(7));
    source.reply(page('7.1', [share()]));
    await done;
    expect(source.asked).toEqual(['5.1']);
    expect(told).toEqual(['room 5', 'shares sh_1', 'roster ana', 'synced']);
  });

  it('reads again when it is told that a stream is further than it knows', async () => {
    await ready('4.1');
    sync.moved('room', 4);
    sync.moved('personal', 1);
    expect(source.asked).toEqual([]);
    const done = settled();
    sync.moved('personal', 2);
    source.reply(page('4.2', [share()]));
    await done;
    expect(source.asked).toEqual(['4.1']);
    const again = settled();
    sync.moved('personal');
    source.reply(page('4.2'));
    await again;
    expect(source.asked).toEqual(['4.1', '4.2']);
    expect(told).toEqual(['shares sh_1', 'roster ana', 'synced', 'shares ', 'roster ana', 'synced']);
  });

  it('holds pushes while it reads and applies those that are newer', async () => {
    sync.resync();
    const done = settled();
    for (const event of [created(9), created(8), created(3)]) sync.receive(event);
    source.reply(page('7.0'));
    await done;
    expect(told).toEqual(['shares ', 'roster ana', 'room 8', 'room 9', 'synced']);
  });

  it('reads once more when something is missing still', async () => {
    sync.resync();
    const done = settled();
    sync.receive(created(9));
    source.reply(page('7.0'), page('8.0'));
    await done;
    expect(source.asked).toEqual(['', '7.0']);
    expect(told.slice(-2)).toEqual(['room 9', 'synced']);
    expect(slept).toEqual([100]);
  });

  it('joins requests to read while one runs into one more', async () => {
    sync.resync();
    const done = settled();
    sync.resync();
    sync.resync();
    source.reply(page('1.0'), page('2.0'));
    await done;
    expect(source.asked).toEqual(['', '1.0']);
  });

  it('tells what is left when the server began from the beginning', async () => {
    await ready('4.1');
    sync.resync();
    const done = settled();
    source.reply(page('9.0.3.0', [share()], { reset: true, more: true }), page('12.4', [share({ id: 'sh_2' })]));
    await done;
    expect(told).toContain('only sh_1,sh_2');
  });

  it('tells it too when the network broke that reading in two', async () => {
    await ready('4.1');
    sync.resync();
    const done = settled();
    source.reply(
      page('9.0.3.0', [share()], { reset: true, more: true }),
      new HandoutError('network', 'gone'),
      page('12.4', [share({ id: 'sh_2' })]),
    );
    await done;
    expect(source.asked.at(-1)).toBe('9.0.3.0');
    expect(told).toContain('only sh_1,sh_2');
  });

  it('reads receipts from where their own reading ended', async () => {
    const read = (seq: number, participant: string, more?: boolean) => ({
      seq,
      receipts: [receipt({ participant })],
      more,
    });
    source.ledger.push(read(3, 'bo', true) as ReceiptPage, read(5, 'cy') as ReceiptPage);
    sync.resync();
    const first = settled();
    source.reply(page('4.4'));
    await first;
    expect(source.asked).toEqual(['', 'receipts 0', 'receipts 3']);
    expect(told.filter((line) => line.startsWith('receipts'))).toEqual(['receipts bo', 'receipts cy']);
    // Number 5 is known from the page, 6 comes as a push, 7 is lost.
    const changed = (seq: number): RoomEventRecord => ({
      type: 'receipts.changed',
      stream: 'personal',
      seq,
      time: '',
      receipts: [],
    });
    sync.receive(changed(5));
    sync.receive(changed(6));
    source.ledger.push(new HandoutError('network', 'gone'), read(8, 'dee') as ReceiptPage);
    source.asked.length = 0;
    const done = settled();
    sync.receive(changed(8));
    source.reply(page('4.8'), page('4.8'));
    await done;
    expect(source.asked).toEqual(['4.6', 'receipts 6', '4.8', 'receipts 6']);
    expect(told).toContain('receipts dee');
  });

  it('reads all receipts again when the server began from the beginning', async () => {
    source.ledger.push({ seq: 9, receipts: [] });
    await ready('4.9');
    sync.resync();
    const done = settled();
    source.ledger.push({ seq: 2, receipts: [receipt()] });
    source.reply(page('1.2', [share()], { reset: true }));
    await done;
    expect(source.asked.at(-1)).toBe('receipts 0');
  });

  it('tries again with growing delays while there is no answer', async () => {
    sync.resync();
    const done = settled();
    const lost = () => new HandoutError('network', 'gone');
    source.reply(lost(), lost(), new HandoutError('internal', 'oops'), page('1.0'));
    await done;
    expect(slept).toEqual([100, 200, 400]);
    expect(told.at(-1)).toBe('synced');
  });

  it('gives up when it is refused', async () => {
    sync.resync();
    const done = settled();
    source.reply(new HandoutError('unauthenticated', 'no'));
    await done;
    expect(told).toEqual(['refused no']);
  });

  it('says nothing after it was stopped', async () => {
    sync.resync();
    sync.stop();
    source.reply(page('1.0', [share()]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });
});
