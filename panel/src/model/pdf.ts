/** A document is looked at up to this size. */
const MOST_BYTES = 32 << 20;
/** So much of what is packed in it is looked at. */
const MOST_UNPACKED = 8 << 20;

/**
 * Whether a PDF can be given to the browser's viewer: no script was found in it, and what is packed could be looked into.
 * Viewers run scripts of documents, and no sandbox of a page can hold them: they may ask questions in the page's name.
 */
export async function isPassive(file: Blob): Promise<boolean> {
  if (file.size > MOST_BYTES) return false;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = latin1(bytes);
  if (isActive(text)) return false;
  let left = MOST_UNPACKED;
  for (const { index } of text.matchAll(/\/(?:O|#4f)(?:b|#62)(?:j|#6a)(?:S|#53)(?:t|#74)(?:m|#6d)/gi)) {
    const objects = await unpack(text, bytes, { from: index, most: left });
    if (objects === undefined || isActive(objects)) return false;
    left -= objects.length;
  }
  return true;
}

/** Names may be written with the numbers of their letters. What is encrypted cannot be looked into. */
function isActive(text: string): boolean {
  const plain = text.replace(/#([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return /\/(?:JavaScript|Encrypt)(?![A-Za-z0-9])/.test(plain);
}

/** The objects of the stream whose dictionary says at `from` that it holds some; undefined if they cannot be unpacked. */
async function unpack(
  text: string,
  bytes: Uint8Array<ArrayBuffer>,
  { from, most }: { from: number; most: number },
): Promise<string | undefined> {
  const start = /stream\r?\n/g;
  start.lastIndex = from;
  if (!start.test(text)) return undefined;
  const begin = start.lastIndex;
  const dictionary = text.slice(text.lastIndexOf('obj', from), begin);
  if (/\/DecodeParms|#/.test(dictionary)) return undefined;
  if (!dictionary.includes('/Filter')) return ''; // not packed: it was looked at with all the rest
  // A line's end may stand behind the bytes, and looks as they may.
  for (let end = text.indexOf('endstream', begin), tries = 0; tries < 3 && end > begin; tries++, end--) {
    const objects = await inflate(bytes.subarray(begin, end), most);
    if (objects !== undefined) return objects;
  }
  return undefined;
}

/** What is packed in these bytes and in no more; undefined if that is no such thing, or too much. */
async function inflate(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<string | undefined> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  try {
    for (let text = ''; ; ) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += latin1(value);
      if (text.length > most) return undefined;
    }
  } catch {
    return undefined;
  } finally {
    await reader.cancel().catch(() => undefined); // it may have failed by itself
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
