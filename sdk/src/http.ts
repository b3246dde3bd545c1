import { asHandoutError, cancelledError, HandoutError, throwIfAborted } from './errors.js';
import {
  type Audience,
  type OfferedShare,
  type PartRecord,
  parseOffered,
  parseParts,
  parseProblem,
  parseRoster,
  parseShare,
  parseSharePage,
  parseTicket,
  type Roster,
  type SharePage,
  type ShareRecord,
  type Ticket,
} from './protocol.js';
import {
  parseReceiptAnswers,
  parseReceiptPage,
  type ReceiptAnswer,
  type ReceiptPage,
  type ReceiptWord,
} from './receipt-records.js';

/** What the sender says of a file before its bytes. */
export interface FileInfo {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** The folders it lies in, with "/" between; empty for none. */
  readonly path?: string;
  /** A small picture, in base64. */
  readonly thumbnail?: string | undefined;
}

/** A request for shares. */
export interface Offer {
  readonly files: readonly FileInfo[];
  readonly to: Audience;
  /** 1-64 visible ASCII characters: with the same key the same request is made once. */
  readonly key: string;
}

/** A request for one share that may bring its bytes. */
export interface Creation extends FileInfo {
  readonly to: Audience;
  /** As that of an {@link Offer}. */
  readonly key: string;
  /** All of the file's bytes; a server takes those of a small one in one step. */
  readonly body?: Blob;
}

/** Where and as whom requests are made. */
export interface ApiConfig {
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string;
  /** The bare JWT. */
  readonly token: string;
  /** The room's id. */
  readonly room: string;
  /** The browser's, unless a test brings its own. */
  readonly fetch?: typeof fetch;
}

interface Call {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly bytes?: Blob | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** A page that is going away lets the request finish. */
  readonly keepalive?: boolean;
}

/** A request for words, not for a file, is answered within this or not at all. */
const ANSWER_MS = 30_000;

/** The server's HTTP interface, one method for each request of docs/protocol.md, section 4. */
export class Api {
  readonly origin: string;
  readonly token: string;
  readonly #room: string;
  readonly #fetch: typeof fetch;

  constructor(config: ApiConfig) {
    this.origin = config.origin;
    this.token = config.token;
    this.#room = `/v1/rooms/${encodeURIComponent(config.room)}`;
    // Called without a receiver: the browser's fetch refuses any other.
    this.#fetch = config.fetch ?? ((input, init) => fetch(input, init));
  }

  /** What a tus request carries. */
  get authorization(): string {
    return `Bearer ${this.token}`;
  }

  /** An address of this server. */
  url(path: string): string {
    return new URL(path, this.origin).href;
  }

  /** The shares that changed since the cursor; the empty cursor is the beginning. */
  async sharesSince(cursor: string, signal?: AbortSignal): Promise<SharePage> {
    const query = cursor === '' ? '' : `?since=${encodeURIComponent(cursor)}`;
    return parseSharePage(await this.#json(`${this.#room}/shares${query}`, { signal }));
  }

  /** Who is in the room, and its switch. */
  async roster(signal?: AbortSignal): Promise<Roster> {
    return parseRoster(await this.#json(`${this.#room}/participants`, { signal }));
  }

  /** Makes shares, all or none, in the order of the files. */
  async offer({ key, ...body }: Offer, signal?: AbortSignal): Promise<readonly OfferedShare[]> {
    const headers = { 'Idempotency-Key': `"${key}"` };
    const shares = parseOffered(await this.#json(`${this.#room}/shares`, { method: 'POST', headers, body, signal }));
    if (shares.length === body.files.length) return shares;
    throw new HandoutError('internal', 'the server made another number of shares than it was asked for');
  }

  /** Makes a share by tus, with its bytes if they are given, and returns its id. */
  async create({ name, type, size, path, thumbnail, to, key, body }: Creation, signal?: AbortSignal): Promise<string> {
    const said = {
      filename: name,
      filetype: type,
      ...(path && { relativePath: `${path}/${name}` }),
      ...(to !== 'room' && { to: to.join(',') }),
    };
    const headers: Record<string, string> = {
      'Idempotency-Key': `"${key}"`,
      'Tus-Resumable': '1.0.0',
      'Upload-Length': `${size}`,
      'Upload-Metadata': metadata(said) + (thumbnail ? `,thumbnail ${thumbnail}` : ''),
    };
    if (body !== undefined) headers['Content-Type'] = 'application/offset+octet-stream';
    const call = { method: 'POST', headers, bytes: body, signal: within(ANSWER_MS, signal) };
    try {
      const response = await this.#request('/uploads', call);
      await response.body?.cancel();
      const id = response.headers.get('Location')?.split('/').pop();
      if (id) return id;
    } catch (error) {
      throwIfAborted(signal);
      throw asNetworkError(error);
    }
    throw new HandoutError('internal', 'the server did not say where the upload is');
  }

  /** One share as it is now. */
  async share(id: string, signal?: AbortSignal): Promise<ShareRecord> {
    return parseShare(await this.#json(sharePath(id), { signal }));
  }

  /** What an upload lacks comes in so many parts from now on. Made again, with any count, it tells how far they are. */
  async split(id: string, count: number, signal?: AbortSignal): Promise<readonly PartRecord[]> {
    return parseParts(await this.#json(`${sharePath(id)}/parts`, { method: 'POST', body: { count }, signal }));
  }

  /** Cancels an upload, revokes what is available. */
  async end(id: string): Promise<void> {
    await this.#answer(sharePath(id), { method: 'DELETE', keepalive: true });
  }

  /** An address for one download without a header. */
  async ticket(id: string): Promise<Ticket> {
    return parseTicket(await this.#json(`${sharePath(id)}/tickets`, { method: 'POST' }));
  }

  /** The bytes, from where the headers say. The body is the caller's to read or to cancel. */
  content(id: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    return this.#request(`${sharePath(id)}/content`, { headers, signal });
  }

  /** The small picture of a share. */
  async thumbnail(id: string): Promise<Blob> {
    return (await this.#request(`${sharePath(id)}/thumbnail`, { signal: within(ANSWER_MS, undefined) })).blob();
  }

  /** Says what has become of shares here, at most 200 words. A page that is going away lets it finish. */
  async receipts(words: readonly ReceiptWord[]): Promise<readonly ReceiptAnswer[]> {
    const call = { method: 'POST', body: { receipts: words }, keepalive: true };
    return parseReceiptAnswers(await this.#json(`${this.#room}/receipts`, call));
  }

  /** What has become of my shares, behind a number of my stream: one page. */
  async receiptsSince(seq: number, signal?: AbortSignal): Promise<ReceiptPage> {
    return parseReceiptPage(await this.#json(`${this.#room}/receipts?since=${seq}`, { signal }));
  }

  /** Sends a message. */
  async message(kind: 'text' | 'data', to: Audience, body: unknown): Promise<void> {
    await this.#answer(`${this.#room}/messages`, { method: 'POST', body: { kind, to, body } });
  }

  /** Leaves the room at once; with another's id, removes that one. */
  async leave(id: string): Promise<void> {
    await this.#answer(`${this.#room}/participants/${encodeURIComponent(id)}`, { method: 'DELETE', keepalive: true });
  }

  /** Ends all that a participant shares. */
  async endAll(id: string): Promise<void> {
    await this.#answer(`${this.#room}/participants/${encodeURIComponent(id)}/shares`, { method: 'DELETE' });
  }

  /** Switches sharing off and on. */
  async switchSharing(to: { readonly off: readonly string[]; readonly cancelRunning: boolean }): Promise<void> {
    await this.#answer(`${this.#room}/sharing`, { method: 'PUT', body: to });
  }

  async #json(path: string, call: Call): Promise<unknown> {
    const signal = within(ANSWER_MS, call.signal);
    try {
      const response = await this.#request(path, { ...call, signal });
      return await response.json();
    } catch (error) {
      throwIfAborted(call.signal);
      throw asNetworkError(error);
    }
  }

  async #answer(path: string, call: Call): Promise<void> {
    const response = await this.#request(path, { ...call, signal: within(ANSWER_MS, call.signal) });
    await response.body?.cancel();
  }

  async #request(path: string, call: Call): Promise<Response> {
    const headers: Record<string, string> = { Authorization: this.authorization, ...call.headers };
    const init: RequestInit = { method: call.method ?? 'GET', headers, cache: 'no-store', credentials: 'omit' };
    if (call.signal !== undefined) init.signal = call.signal;
    if (call.keepalive !== undefined) init.keepalive = call.keepalive;
    if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(call.body);
    } else if (call.bytes !== undefined) {
      init.body = call.bytes;
    }
    let response: Response;
    try {
      response = await this.#fetch(this.url(path), init);
    } catch (error) {
      throw asNetworkError(error);
    }
    if (response.ok) return response;
    throw problemError(response.status, await bodyText(response));
  }
}

function sharePath(id: string): string {
  return `/v1/shares/${encodeURIComponent(id)}`;
}

/** Pairs as Upload-Metadata has them: the values in UTF-8 and base64. */
function metadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${base64(new TextEncoder().encode(value))}`)
    .join(',');
}

/** Few bytes in base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function within(ms: number, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}

async function bodyText(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch {
    return ''; // the status says enough
  }
}

/** The error that a reply other than 2xx means. A proxy's page in place of our problem details is judged by its status. */
export function problemError(status: number, body: string): HandoutError {
  let problem: ReturnType<typeof parseProblem>;
  try {
    problem = parseProblem(JSON.parse(body));
  } catch {
    problem = undefined;
  }
  if (problem !== undefined) {
    return new HandoutError(problem.code, problem.detail ?? problem.title, { status, detail: problem.detail });
  }
  return new HandoutError(codeOfStatus(status), `the server answered ${status}`, { status });
}

const STATUS_CODES: ReadonlyMap<number, string> = new Map([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [408, 'unavailable'],
  [409, 'offset-mismatch'],
  [410, 'share-ended'],
  [413, 'request-too-large'],
  [423, 'upload-busy'],
  [429, 'unavailable'],
  [460, 'checksum-mismatch'],
  [502, 'unavailable'],
  [503, 'unavailable'],
  [504, 'unavailable'],
  [507, 'storage-full'],
]);

/** For replies without a body of ours: those to HEAD, and those of proxies. */
function codeOfStatus(status: number): string {
  return STATUS_CODES.get(status) ?? (status >= 500 ? 'internal' : 'invalid-request');
}

/** What a fetch that got no answer threw, as an error of ours: cancelled on purpose, or the network. */
export function asNetworkError(error: unknown): HandoutError {
  if (error instanceof HandoutError) return error;
  if (error instanceof DOMException && error.name === 'AbortError') return cancelledError();
  if (error instanceof SyntaxError) return asHandoutError(error); // an answer, but not JSON
  return new HandoutError('network', 'the server did not answer', { cause: error });
}
