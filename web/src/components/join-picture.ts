import { avatar, avatarStyles, icon } from '@handout/panel/ui';
import { css, html, type TemplateResult } from 'lit';
import { Check, FileImage, FileText, Film } from 'lucide';

/** The picture beside the join form: three hands, three files. Decoration, for wide screens only. */
export function joinPicture(): TemplateResult {
  return html`<div class="picture" aria-hidden="true">
    <div class="ring r1"></div>
    <div class="ring r2"></div>
    <div class="ring r3"></div>
    <div class="sheet s1">
      <span class="tile image">${icon(FileImage, 20)}</span>
      <span class="lines"><i></i><i></i></span>
      <span class="done">${icon(Check, 14)}</span>
    </div>
    <div class="sheet s2">
      <span class="tile doc">${icon(FileText, 20)}</span>
      <span class="lines"><i></i><b><u></u></b></span>
    </div>
    <div class="sheet s3">
      <span class="tile film">${icon(Film, 20)}</span>
      <span class="lines"><i></i><i></i></span>
      <span class="done">${icon(Check, 14)}</span>
    </div>
    <span class="who w1">${avatar('b', 'Ana Moreau')}</span>
    <span class="who w2">${avatar('c', 'Kofi Boateng')}</span>
    <span class="who w3">${avatar('f', 'Lin Wei')}</span>
  </div>`;
}

export const joinPictureStyles = [
  avatarStyles,
  css`
    .picture {
      display: none;
      position: relative;
      block-size: 520px;
    }
    .ring {
      position: absolute;
      inset: 50% auto auto 50%;
      inline-size: var(--d);
      block-size: var(--d);
      margin: calc(var(--d) / -2);
      border: 1px solid var(--_accent-line);
      border-radius: 50%;
    }
    .r1 { --d: 200px; background: var(--_accent-soft); }
    .r2 { --d: 340px; opacity: 0.6; }
    .r3 { --d: 490px; opacity: 0.3; }
    .sheet {
      position: absolute;
      display: flex;
      align-items: center;
      gap: 14px;
      inline-size: 264px;
      padding: 14px;
      border: 1px solid var(--_line);
      border-radius: var(--_r-m);
      background: var(--_surface);
      box-shadow: var(--_shadow-3);
    }
    .s1 { inset: 118px auto auto 12%; }
    .s2 { inset: 220px auto auto 26%; z-index: 1; }
    .s3 { inset: 322px auto auto 8%; }
    .tile {
      display: grid;
      place-items: center;
      inline-size: 42px;
      block-size: 42px;
      border-radius: 10px;
      background: hsl(var(--hue) 60% 92%);
      color: hsl(var(--hue) 60% 32%);
    }
    .image { --hue: 262; }
    .doc { --hue: 210; }
    .film { --hue: 14; }
    .lines {
      display: grid;
      flex: 1;
      gap: 10px;
    }
    .lines i,
    .lines b {
      block-size: 8px;
      border-radius: 4px;
      background: var(--_surface-3);
    }
    .lines i:last-of-type:not(:first-of-type) { inline-size: 52%; }
    .lines b u {
      display: block;
      inline-size: 64%;
      block-size: 100%;
      border-radius: 4px;
      background: var(--_accent);
    }
    .done {
      display: grid;
      place-items: center;
      inline-size: 24px;
      block-size: 24px;
      border-radius: 50%;
      background: var(--_accent-soft);
      color: var(--_accent);
    }
    .who {
      position: absolute;
      z-index: 2;
      border: 4px solid var(--_bg);
      border-radius: 50%;
      scale: 1.35;
    }
    .w1 { inset: 58px auto auto 56%; }
    .w2 { inset: 286px auto auto 82%; }
    .w3 { inset: 428px auto auto 44%; }
    @media (min-width: 900px) {
      .picture { display: block; }
    }
    @media (prefers-color-scheme: dark) {
      .tile {
        background: hsl(var(--hue) 30% 22%);
        color: hsl(var(--hue) 70% 80%);
      }
    }
  `,
];
