import { HandoutError } from '../errors.js';
import type { FileInfo } from '../http.js';
import type { Audience, OfferedShare, SharePage, ShareRecord } from '../protocol.js';
import type { BytesRequest, SendBytes } from '../tus.js';
import { share } from './records.js';

/** A server in memory: shares and their states, nothing of HTTP. Requests fail when the test says so. */
export class FakeServer {
  readonly authorization = 'Bearer jwt';
  readonly shares = new Map<string, ShareRecord>();
  readonly log: string[] = [];
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

  async offer(files: readonly FileInfo[], to: Audience): Promise<readonly OfferedShare[]> {
    this.#enter('offer', files.map((file) => file.name).join(','));
    const made = files.map(({ name, size, type }) => {
      const id = `sh_${this.shares.size + 1}`;
      const record = share({ id, name, size, type, to, sender: { id: 'ana', name: 'Ana' } });
      this.shares.set(id, record);
      return { ...record, uploadUrl: `/uploads/${id}` };
    });
    await this.beforeReply('offer');
    return made;
  }

  async share(id: string): Promise<ShareRecord> {
    this.#enter('share', id);
    await this.beforeReply('share');
    return this.#get(id);
  }

  /** Every share, on one page. */
  async sharesSince(_cursor: string): Promise<SharePage> {
    this.#enter('shares', 'all');
    return { seq: '1.0', shares: [...this.shares.values()] };
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
      request.signal.addEventListener('abort', () => reject(new HandoutError('cancelled', 'aborted')));
      this.attempts.push({
        share,
        request,
        succeed: () => {
          request.progress(request.blob.size);
          if (this.#server.shares.get(share)?.state === 'uploading') {
            this.#server.change(share, { state: 'available', offset: request.blob.size, sha256: 'ab' });
          }
          resolve();
        },
        fail: (code) => reject(new HandoutError(code, code)),
      });
    });

  /** The newest attempt for a share. */
  of(share: string): Attempt {
    const attempt = this.attempts.findLast((one) => one.share === share);
    if (attempt === undefined) throw new Error(`nobody sends ${share}`);
    return attempt;
  }
}
