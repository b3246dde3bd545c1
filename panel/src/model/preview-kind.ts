/** How a file is shown in place. */
export type PreviewKind = 'image' | 'audio' | 'video' | 'pdf' | 'text';

export interface PreviewType {
  readonly kind: PreviewKind;
  /** The type that its bytes are given to the browser under, whatever its sender said. */
  readonly type: string;
}

/** The only types that bytes are shown as, by what a name ends in. None of them is one that browsers run scripts of. */
const TYPES: Readonly<Record<string, string>> = {
  'image/png': 'png apng',
  'image/jpeg': 'jpg jpeg jfif',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/svg+xml': 'svg', // as an <img>, where it neither runs nor loads anything
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg oga opus',
  'audio/flac': 'flac',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'video/mp4': 'mp4 m4v mov',
  'video/webm': 'webm',
  'video/ogg': 'ogv',
  'application/pdf': 'pdf',
  'text/plain':
    'txt text md log csv tsv json xml html htm css js mjs ts tsx jsx go py rs c h cpp java rb sh yml yaml toml ini sql',
};

/** How a file of that name is shown; undefined for one that is not. What its sender said of its type decides nothing. */
export function previewType(name: string): PreviewType | undefined {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  for (const [type, extensions] of Object.entries(TYPES)) {
    if (extensions.split(' ').includes(extension)) return { kind: kindOf(type), type };
  }
  return undefined;
}

function kindOf(type: string): PreviewKind {
  return type === 'application/pdf' ? 'pdf' : (type.slice(0, type.indexOf('/')) as PreviewKind);
}
