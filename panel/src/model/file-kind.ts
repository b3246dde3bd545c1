export type FileKind = 'image' | 'video' | 'audio' | 'pdf' | 'text' | 'sheet' | 'slides' | 'archive' | 'code' | 'other';

const BY_EXTENSION: Readonly<Record<FileKind, string>> = {
  image: 'png jpg jpeg gif webp avif heic svg bmp tif tiff',
  video: 'mp4 mov mkv webm avi m4v',
  audio: 'mp3 wav ogg flac m4a aac opus',
  pdf: 'pdf',
  text: 'txt md rtf doc docx odt pages log',
  sheet: 'csv tsv xls xlsx ods numbers',
  slides: 'ppt pptx odp key',
  archive: 'zip tar gz tgz 7z rar xz bz2 zst dmg iso',
  code: 'js ts tsx jsx json html css go py rs c h cpp java rb sh yml yaml toml xml sql',
  other: '',
};

/** The kind of a file, for its picture. A guess from its type and name: it decides nothing else. */
export function fileKind(name: string, type: string): FileKind {
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  for (const [kind, extensions] of Object.entries(BY_EXTENSION)) {
    if (extensions.split(' ').includes(extension)) return kind as FileKind;
  }
  const family = type.slice(0, type.indexOf('/'));
  if (family === 'image' || family === 'video' || family === 'audio' || family === 'text') return family;
  return 'other';
}

/**
 * Cuts a long name so that its end stays in sight: people tell "…final-2.pdf"
 * from "…final-3.pdf" by it. A name in a right-to-left script is left whole,
 * since cutting it in two boxes would break its order.
 */
export function splitName(name: string): { head: string; tail: string } {
  const chars = [...name];
  if (chars.length <= 18 || /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u.test(name)) {
    return { head: name, tail: '' };
  }
  const dot = chars.lastIndexOf('.');
  const extension = dot > 0 && chars.length - dot <= 8 ? chars.length - dot : 0;
  const keep = Math.min(extension + 4, 12);
  return { head: chars.slice(0, -keep).join(''), tail: chars.slice(-keep).join('') };
}
