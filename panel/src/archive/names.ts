/** A file that an archive is to hold. */
export interface Named {
  readonly name: string;
  /** Folders, with "/" between; empty for none. */
  readonly path: string;
}

/** What some systems do not take in a name. */
const FORBIDDEN = /[<>:"|?*\\\p{Cc}]/gu;
/** Names of devices, on Windows, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The name of each file in an archive, in their order: with its folders, harmless on every system, and none twice, nor
 * twice but for capitals, nor that of a folder beside it.
 */
export function entryNames(files: readonly Named[]): string[] {
  const paths = files.map(({ path, name }) => [...path.split('/'), name].map(harmless).filter((part) => part !== ''));
  const taken = new Set<string>();
  for (const parts of paths) for (let n = 1; n < parts.length; n++) taken.add(fold(parts.slice(0, n).join('/')));
  return paths.map((parts) => {
    const whole = parts.join('/');
    const dot = whole.lastIndexOf('.');
    const stem = dot > whole.lastIndexOf('/') + 1 ? whole.slice(0, dot) : whole;
    const extension = whole.slice(stem.length);
    let name = whole;
    for (let n = 2; taken.has(fold(name)); n++) name = `${stem} (${n})${extension}`;
    taken.add(fold(name));
    return name;
  });
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** A name that every system takes. Dots alone would lead elsewhere, and blanks and dots at the end are lost on Windows. */
function harmless(name: string): string {
  const plain = name.replace(FORBIDDEN, '_').replace(/[. ]+$/, '');
  return DEVICE.test(plain) ? `_${plain}` : plain;
}

/** A name for the archive itself. */
export function archiveName(name: string): string {
  return `${harmless(name.replaceAll('/', '_')) || 'files'}.zip`;
}
