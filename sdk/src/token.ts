import { HandoutError } from './errors.js';

/** What the SDK needs of a token. It is read, not verified: that is the server's part. */
export interface TokenFacts {
  /** The bare JWT, the credential. */
  readonly jwt: string;
  /** The room's id. */
  readonly room: string;
  /** The participant's id. */
  readonly subject: string;
  /** The server that the wrapper names; undefined for a bare JWT. */
  readonly origin: string | undefined;
}

/** Reads a token: the server API's base64 wrapper, or a bare JWT. */
export function readToken(token: string): TokenFacts {
  const text = token.trim();
  const wrapper = text.includes('.') ? undefined : decodeObject(text);
  const jwt = wrapper === undefined ? text : wrapper.jwt;
  if (typeof jwt !== 'string') throw invalid();
  const claims = decodeObject(jwt.split('.')[1] ?? '');
  if (typeof claims.room !== 'string' || typeof claims.sub !== 'string') throw invalid();
  return { jwt, room: claims.room, subject: claims.sub, origin: wrapper && wrapperOrigin(wrapper) };
}

function wrapperOrigin(wrapper: Record<string, unknown>): string | undefined {
  const { host, secure } = wrapper;
  if (typeof host !== 'string' || host === '') return undefined;
  // Some applications put a whole address here.
  return originOf(host.includes('://') ? host : `${secure === false ? 'http' : 'https'}://${host}`);
}

/** Where the server is: what the token says, else the option, else where the script came from, else the page's own. */
export function findServer(facts: TokenFacts, option: string | undefined, script: string | undefined): string {
  const origin = facts.origin ?? originOf(option) ?? originOf(script) ?? originOf(globalThis.location?.href);
  if (origin !== undefined) return origin;
  throw new HandoutError('invalid-request', 'nothing says where the server is: give options.server');
}

function originOf(address: string | undefined): string | undefined {
  if (address === undefined || address === '') return undefined;
  try {
    const url = new URL(address);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

function decodeObject(base64: string): Record<string, unknown> {
  try {
    const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
    const value: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // the same answer as for a value that is no object
  }
  throw invalid();
}

function invalid(): HandoutError {
  return new HandoutError('unauthenticated', 'this is not a token');
}
