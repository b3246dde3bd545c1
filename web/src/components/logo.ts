import { html, type TemplateResult } from 'lit';

/** The mark: an h whose arm is a sheet being handed on. The same drawing as favicon.svg. */
export function logo(size = 32): TemplateResult {
  return html`<svg width=${size} height=${size} viewBox="0 0 32 32" fill="none" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" fill="#0b7a5f" />
    <path d="M9 24V8" stroke="#fff" stroke-width="3.5" />
    <path d="M9 18.5c0-3 2.2-5 5-5h5l4 4V24" stroke="#fff" stroke-width="3.5" />
    <path d="M19 8.5h4.5V13" stroke="#8fe3c8" stroke-width="3" />
  </svg>`;
}
