import { css, html, type TemplateResult } from 'lit';
import {
  FileArchive,
  FileCode,
  File as FileIcon,
  FileImage,
  FileMusic,
  FileSpreadsheet,
  FileText,
  FileVideoCamera,
  type IconNode,
  Presentation,
} from 'lucide';
import { type FileKind, fileKind } from '../model/file-kind.js';
import { icon } from './icon.js';

const ICONS: Readonly<Record<FileKind, IconNode>> = {
  image: FileImage,
  video: FileVideoCamera,
  audio: FileMusic,
  pdf: FileText,
  text: FileText,
  sheet: FileSpreadsheet,
  slides: Presentation,
  archive: FileArchive,
  code: FileCode,
  other: FileIcon,
};

/** The coloured square that shows what kind of file it is. */
export function fileTile(name: string, type: string): TemplateResult {
  const kind = fileKind(name, type);
  return html`<span class="tile ${kind}" aria-hidden="true">${icon(ICONS[kind], 22)}</span>`;
}

export const fileTileStyles = css`
  .tile {
    --hue: 210;
    --sat: 58%;
    display: grid;
    place-items: center;
    flex: none;
    inline-size: 44px;
    block-size: 44px;
    border-radius: 11px;
    background: light-dark(hsl(var(--hue) var(--sat) 93%), hsl(var(--hue) calc(var(--sat) * 0.5) 20%));
    color: light-dark(hsl(var(--hue) var(--sat) 34%), hsl(var(--hue) var(--sat) 80%));
  }
  .image { --hue: 262; }
  .video { --hue: 330; }
  .audio { --hue: 38; }
  .pdf { --hue: 6; }
  .sheet { --hue: 150; }
  .slides { --hue: 22; }
  .archive { --hue: 46; }
  .code { --hue: 190; }
  .other { --sat: 6%; }
`;
