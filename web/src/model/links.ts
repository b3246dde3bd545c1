/** A stretch of a message: plain, or an address that may be followed. */
export interface Piece {
  readonly text: string;
  /** The same address as the browser reads it: only ever http or https. */
  readonly href?: string;
}

/** Neither spaces nor control characters, nor those that turn the direction of writing, are part of an address. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"\p{C}]+/giu;

const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Cuts a message into what is text and what is a link. The pieces, put together, are the message. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(found);
    const href = addressOf(address);
    if (href === undefined) continue;
    if (index > from) pieces.push({ text: text.slice(from, index) });
    pieces.push({ text: address, href });
    from = index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** What ends the sentence is not the address; a bracket is, if it was opened there. */
function withoutPunctuation(address: string): string {
  for (let end = address.length; ; end--) {
    const last = address[end - 1] ?? '';
    const opening = CLOSING[last];
    const kept = address.slice(0, end);
    const ends = opening === undefined ? /[.,;:!?'’”»…*_]/u.test(last) : count(kept, last) > count(kept, opening);
    if (!ends) return kept;
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

function addressOf(text: string): string | undefined {
  try {
    const { protocol, hostname, href } = new URL(text);
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '' ? href : undefined;
  } catch {
    return undefined; // looks like an address and is none
  }
}
