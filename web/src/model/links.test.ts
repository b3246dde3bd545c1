import { describe, expect, it } from 'vitest';
import { linkify } from './links.js';

const links = (text: string) => linkify(text).flatMap(({ text: shown, href }) => (href === undefined ? [] : [shown]));

describe('linkify', () => {
  it('finds addresses among words, and loses no character', () => {
    const text = 'see https://example.org/a?b=1#c, then http://[::1]:8080/ (or not).';
    expect(links(text)).toEqual(['https://example.org/a?b=1#c', 'http://[::1]:8080/']);
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('leaves what ends the sentence, and keeps brackets that belong to the address', () => {
    expect(links('(https://example.org/x).')).toEqual(['https://example.org/x']);
    expect(links('https://en.wikipedia.org/wiki/Handout_(film)!')).toEqual([
      'https://en.wikipedia.org/wiki/Handout_(film)',
    ]);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'xhttps://example.org',
    'https://',
    'https://[oops',
    'just words',
    '',
  ])('makes no link of %j', (text) => {
    expect(links(text)).toEqual([]);
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('ends an address at markup and at what turns the direction of writing', () => {
    expect(links('https://example.org/"onclick=alert(1)')).toEqual(['https://example.org/']);
    expect(links('https://example.org/<b>')).toEqual(['https://example.org/']);
    expect(links('https://example.org/\u202Egpj.exe')).toEqual(['https://example.org/']);
  });

  it('gives the address as the browser reads it, so that a look-alike shows', () => {
    expect(linkify('https://ex\u0430mple.org')[0]?.href).toBe('https://xn--exmple-4nf.org/');
  });
});
