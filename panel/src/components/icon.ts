import { html, svg, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import type { IconNode } from 'lucide';

/** Draws a lucide icon in the text's colour. It is decoration: the control around it carries the name. */
export function icon(node: IconNode, size = 18): TemplateResult {
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width=${size < 16 ? 2.25 : 2}
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    ${node.map(shape)}
  </svg>`;
}

function shape([tag, a]: IconNode[number]): TemplateResult {
  switch (tag) {
    case 'circle':
      return svg`<circle cx=${ifDefined(a.cx)} cy=${ifDefined(a.cy)} r=${ifDefined(a.r)} fill=${ifDefined(a.fill)} />`;
    case 'rect':
      return svg`<rect x=${ifDefined(a.x)} y=${ifDefined(a.y)} width=${ifDefined(a.width)} height=${ifDefined(a.height)} rx=${ifDefined(a.rx)} ry=${ifDefined(a.ry)} />`;
    case 'line':
      return svg`<line x1=${ifDefined(a.x1)} y1=${ifDefined(a.y1)} x2=${ifDefined(a.x2)} y2=${ifDefined(a.y2)} />`;
    case 'polyline':
      return svg`<polyline points=${ifDefined(a.points)} />`;
    default:
      return svg`<path d=${ifDefined(a.d)} />`;
  }
}
