import { HandoutError } from '../errors.js';
import type { Creation, FileInfo, Offer } from '../http.js';
import type { Audience, OfferedShare, PartRecord, ShareRecord } from '../protocol.js';
import type { BytesRequest, SendBytes } from '../tus.js';
import { share } from './records.js';

/** A server in memory: shares and their states, nothing of HTTP. Requests fail when the test says so. */
export class FakeServer {
  readonly authorization = 'Bearer jwt';
  readonly shares = new Map<string, ShareRecord>();
  readonly log: string[] = [];
  /** By share, in base64. */
  readonly thumbnails = new Map<string, string>();
  /** By share: its parts, whose addresses end in the share's id, a colon and their number. */
  readonly parts = new Map<string, PartRecord[]>();
  /** By key: what was asked for, and the shares that it made. */
  readonly #offers = new Map<string, { asked: string; ids: string[] }>();
  /** Thrown by the next requests of that name, one each. */
  readonly faults = new Map<string, HandoutError[]>();
  /** Runs after a request has had its effect and before its reply. */
  beforeReply: (request: string) => void | Promise<void> = () => undefined;

  url(path: string): string {
    return `http://server${path}`;
  }

  fail(request: string, ...codes: string[]): void {
    this.faults.set(
      request,
      codes.map((code) => new HandoutError(code, code)),
    );
  }

  async offer({ files, to, key }: Offer): Promise<readonly OfferedShare[]> {
    const asked = files.map((file) => file.name).join(',');
    this.#enter('offer', asked);
    const before = this.#offers.get(key);
    if (before !== undefined && before.asked !== asked) throw new HandoutError('key-reused', 'another request');
    if (files.length === 0) throw new HandoutError('empty-list', 'no file');
    const ids = before?.ids ?? this.#make(files, to);
    this.#offers.set(key, { asked, ids });
    await this.beforeReply('offer');
    return ids.map((id) => ({ ...this.#get(id), uploadUrl: `/uploads/${id}` }));
  }

  #make(files: readonly FileInfo[], to: Audience): string[] {
    return files.map(({ name, size, type, path, thumbnail }) => {
      const id = `sh_${this.shares.size + 1}`;
      if (thumbnail !== undefined) this.thumbnails.set(id, thumbnail);
      const pictured = thumbnail !== undefined && { thumbnail: true };
      const record = share({
        ...{ id, name, size, type, to, sender: { id: 'ana', name: 'Ana' } },
        ...(path && { path }),
        ...pictured,
      });
      this.shares.set(id, record);
      return id;
    });
  }

  /** Makes a share with all its bytes, or with fewer of them if the test says so. */
  async create({ key, body, ...file }: Creation): Promise<string> {
    const asked = `${file.name} ${file.size}`;
    this.#enter('create', asked);
    const before = this.#offers.get(key);
    if (before !== undefined && before.asked !== asked) throw new HandoutError('key-reused', 'another request');
    if (file.size === Number.MAX_SAFE_INTEGER) throw new HandoutError('file-too-large', 'too large');
    const ids = before?.ids ?? this.#make([file], file.to);
    this.#offers.set(key, { asked, ids });
    const [id = ''] = ids;
    if (before === undefined && body !== undefined) this.receive(id, Math.min(body.size, this.takes));
    await this.beforeReply('create');
    return id;
  }

  /** Bytes that the next creations take. */
  takes = Number.POSITIVE_INFINITY;

  async share(id: string): Promise<ShareRecord> {
    this.#enter('share', id);
    await this.beforeReply('share');
    return this.#get(id);
  }

  async split(id: string, count: number): Promise<readonly PartRecord[]> {
    this.#enter('split', `${id} ${count}`);
    const { size = 0 } = this.#get(id);
    const cut = Array.from({ length: count }, (_, i) => Math.floor((size * i) / count));
    const fresh = cut.map((offset, i) => ({
      offset,
      size: (cut[i + 1] ?? size) - offset,
      received: 0,
      uploadUrl: `/uploads/${id}:${i}`,
    }));
    this.parts.set(id, this.parts.get(id) ?? fresh);
    await this.beforeReply('split');
    return this.parts.get(id) ?? [];
  }

  /** Bytes have come to an upload, which is a share or a part of one. */
  receive(upload: string, bytes: number): void {
    const [id = '', part] = upload.split(':');
    const parts = this.parts.get(id)?.map((one, i) => (`${i}` === part ? { ...one, received: bytes } : one));
    if (parts !== undefined) this.parts.set(id, parts);
    const record = this.shares.get(id);
    const received = parts?.every(({ received, size }) => received === size) ?? bytes === record?.size;
    if (record?.state === 'uploading' && received) {
      this.change(id, { state: 'available', offset: record.size ?? 0, sha256: 'ab' });
    }
  }

  async end(id: string): Promise<void> {
    this.#enter('end', id);
    const { state } = this.#get(id);
    if (state === 'uploading') this.change(id, { state: 'cancelled' });
    if (state === 'available') this.change(id, { state: 'revoked' });
    await this.beforeReply('end');
  }

  /** Changes a share as something outside our requests would. */
  change(id: string, change: Partial<ShareRecord>): ShareRecord {
    const old = this.#get(id);
    const record = { ...old, rev: old.rev + 1, ...change };
    this.shares.set(id, record);
    return record;
  }

  #get(id: string): ShareRecord {
    const record = this.shares.get(id);
    if (record === undefined) throw new HandoutError('share-not-found', 'there is no such share', { status: 404 });
    return record;
  }

  #enter(request: string, what: string): void {
    this.log.push(`${request} ${what}`);
    const fault = this.faults.get(request)?.shift();
    if (fault !== undefined) throw fault;
  }
}

/** One attempt to send bytes, which waits for the test to say how it ends. */
export interface Attempt {
  readonly share: string;
  readonly request: BytesRequest;
  /** Every byte has come. */
  succeed(): void;
  fail(code: string): void;
}

/** Bytes that move when the test says so. */
export class FakeBytes {
  readonly attempts: Attempt[] = [];
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  readonly send: SendBytes = (request) =>
    new Promise((resolve, reject) => {
      const share = request.url.slice(request.url.lastIndexOf('/') + 1);
      const onAbort = () => reject(new HandoutError('cancelled', 'aborted'));
      const over = () => request.signal.removeEventListener('abort', onAbort);
      request.signal.addEventListener('abort', onAbort);
      this.attempts.push({
        share,
        request,
        succeed: () => {
          request.progress(request.blob.size);
          this.#server.receive(share, request.blob.size);
          over();
          resolve();
        },
        fail: (code) => {
          over();
          reject(new HandoutError(code, code));
        },
      });
    });

  /** The newest attempt for a share. */
  of(share: string): Attempt {
    const attempt = this.attempts.findLast((one) => one.share === share);
    if (attempt === undefined) throw new Error(`nobody sends ${share}`);
    return attempt;
  }
}
