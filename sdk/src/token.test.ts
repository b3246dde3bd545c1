import { afterEach, describe, expect, it, vi } from 'vitest';
import { findServer, readToken } from './token.js';

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const JWT = `${base64url({ alg: 'HS256' })}.${base64url({ sub: 'ana', room: 'rm_1', name: 'Zoë – 你好' })}.c2ln`;

function wrap(more: object): string {
  return base64url({ tokenId: 't', roomMeta: { name: 'Łódź' }, jwt: JWT, ...more });
}

describe('readToken', () => {
  it('reads a bare JWT', () => {
    expect(readToken(` ${JWT}\n`)).toEqual({ jwt: JWT, room: 'rm_1', subject: 'ana', origin: undefined });
  });

  it.each([
    [{ host: 'files.example.org', secure: true }, 'https://files.example.org'],
    [{ host: 'files.example.org' }, 'https://files.example.org'],
    [{ host: '127.0.0.1:8080', secure: false }, 'http://127.0.0.1:8080'],
    [{ host: 'https://files.example.org/x' }, 'https://files.example.org'],
    [{ host: '' }, undefined],
    [{}, undefined],
  ])('reads the wrapper %j', (more, origin) => {
    expect(readToken(wrap(more))).toMatchObject({ jwt: JWT, origin });
  });

  it('accepts padded and standard base64', () => {
    const padded = Buffer.from(JSON.stringify({ jwt: JWT, host: 'a?>' })).toString('base64');
    expect(readToken(padded).jwt).toBe(JWT);
  });

  it.each(['', 'x', 'a.b.c', base64url({ host: 'a' }), base64url(null), `a.${base64url({ sub: 'ana' })}.c`, '💥'])(
    'refuses %j',
    (token) => {
      expect(() => readToken(token)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    },
  );
});

describe('findServer', () => {
  const bare = readToken(JWT);
  afterEach(() => vi.unstubAllGlobals());

  it('believes the token first', () => {
    const facts = readToken(wrap({ host: 'token.example' }));
    expect(findServer(facts, 'https://option.example', 'https://script.example/sdk.js')).toBe('https://token.example');
  });

  it('then the option, the script and the page', () => {
    vi.stubGlobal('location', { href: 'http://page.example:8080/call?x' });
    expect(findServer(bare, 'https://option.example/', 'https://script.example/sdk.js')).toBe('https://option.example');
    expect(findServer(bare, undefined, 'https://script.example/sdk.js')).toBe('https://script.example');
    expect(findServer(bare, 'nonsense', 'file:///sdk.js')).toBe('http://page.example:8080');
  });

  it('says so when nothing does', () => {
    expect(() => findServer(bare, undefined, undefined)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
  });
});
