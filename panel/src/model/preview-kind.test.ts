import { describe, expect, it } from 'vitest';
import { previewType } from './preview-kind.js';

describe('previewType', () => {
  it.each([
    ['a.PNG', 'image', 'image/png'],
    ['clip.final.mov', 'video', 'video/mp4'],
    ['song.opus', 'audio', 'audio/ogg'],
    ['paper.pdf', 'pdf', 'application/pdf'],
    ['drawing.svg', 'image', 'image/svg+xml'],
  ])('shows %s as %s', (name, kind, type) => {
    expect(previewType(name)).toEqual({ kind, type });
  });

  it.each(['index.html', 'page.htm', 'feed.xml', 'evil.js', 'style.css'])('shows %s as text alone', (name) => {
    expect(previewType(name)).toEqual({ kind: 'text', type: 'text/plain' });
  });

  it.each(['a.xhtml', 'a.zip', 'a.docx', 'png', '', '.', 'a.', 'a.svgz', 'a.constructor'])(
    'does not show %j',
    (name) => {
      expect(previewType(name)).toBeUndefined();
    },
  );
});
