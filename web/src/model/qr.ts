import { correction, generate } from 'lean-qr';
import { toSvgPath } from 'lean-qr/extras/svg';

/** What readers need to be left white around a code, in modules. */
const QUIET = 4;

/** A QR code to be drawn dark on white: one path, and the box that holds it with its quiet zone. */
export interface QrCode {
  readonly viewBox: string;
  readonly path: string;
}

/** The code of a text; undefined for one that is too long for any code. */
export function qrCode(text: string): QrCode | undefined {
  try {
    const code = generate(text, { minCorrectionLevel: correction.M });
    const side = code.size + 2 * QUIET;
    return { viewBox: `${-QUIET} ${-QUIET} ${side} ${side}`, path: toSvgPath(code) };
  } catch {
    return undefined;
  }
}
