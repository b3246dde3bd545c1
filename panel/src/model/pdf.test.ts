import { describe, expect, it } from 'vitest';
import { isPassive } from './pdf.js';

const SCRIPT = '<</S/JavaScript/JS(app.alert\\(1\\))>>';
const OBJECTS = '/Type/ObjStm/N 1/First 4/Filter/FlateDecode';

async function packed(objects: string, { dictionary = OBJECTS, end = '\nendstream' } = {}): Promise<Blob> {
  const bytes = new Blob([objects]).stream().pipeThrough(new CompressionStream('deflate'));
  const stream = await new Response(bytes).arrayBuffer();
  return new Blob(['%PDF-1.5\n1 0 obj\n<<', dictionary, '>>\nstream\n', stream, end, '\nendobj\n%%EOF']);
}

describe('isPassive', () => {
  it('is true of a document without scripts, its objects packed or not', async () => {
    expect(await isPassive(new Blob(['%PDF-1.4\n1 0 obj\n<</Type/Catalog/OpenAction[3 0 R/Fit]>>\nendobj']))).toBe(
      true,
    );
    for (const end of ['\nendstream', '\r\nendstream', 'endstream']) {
      expect(await isPassive(await packed('1 0 <</Type/Catalog>>', { end }))).toBe(true);
    }
  });

  it.each([
    ['plain', new Blob([`%PDF-1.4\n5 0 obj\n${SCRIPT}\nendobj`])],
    ['with letters as numbers', new Blob([`%PDF-1.4\n5 0 obj\n${SCRIPT.replace('Java', 'J#61v#61')}\nendobj`])],
    ['packed', packed(`5 0 ${SCRIPT}`)],
    [
      'packed in a stream whose kind is spelled out',
      packed(`5 0 ${SCRIPT}`, { dictionary: '/Type/#4fbj#53tm/N 1/First 4' }),
    ],
  ])('is false of one with a script: %s', async (_, file) => {
    expect(await isPassive(await file)).toBe(false);
  });

  it.each([
    ['encrypted', new Blob(['%PDF-1.4\ntrailer<</Root 1 0 R/Encrypt 9 0 R>>'])],
    ['packed as nobody does', packed('1 0 <<>>', { dictionary: `${OBJECTS}/DecodeParms<</Predictor 12>>` })],
    ['packed otherwise', new Blob(['1 0 obj<</Type/ObjStm/Filter/LZWDecode>>stream\nabc\nendstream'])],
    ['cut short', new Blob(['1 0 obj<</Type/ObjStm/Filter/FlateDecode>>'])],
    ['a bomb', packed('0'.repeat((8 << 20) + 1))],
  ])('is false of one that cannot be looked into: %s', async (_, file) => {
    expect(await isPassive(await file)).toBe(false);
  });
});
