import { css } from 'lit';

/**
 * Every colour and measure, by a name that only components use. What an application may set is `--handout-…`,
 * and stands here alone. Both colours of a pair are here: which one is drawn, `color-scheme` decides.
 */
export const tokens = css`
  :host,
  :root {
    --_bg: var(--handout-background, light-dark(#f5f6f4, #0e1311));
    --_surface: var(--handout-surface, light-dark(#ffffff, #161d1a));
    --_surface-2: color-mix(in srgb, var(--_text) 5.5%, var(--_surface));
    --_surface-3: color-mix(in srgb, var(--_text) 10.5%, var(--_surface));
    --_line: var(--handout-line, light-dark(#e2e6e3, #28312d));
    --_line-strong: light-dark(#858f8a, #74817b);
    --_text: var(--handout-text, light-dark(#16201c, #e9efec));
    --_text-2: var(--handout-text-muted, light-dark(#56625d, #a0ada7));
    --_accent: var(--handout-accent, light-dark(#0b7a5f, #3fcfa5));
    --_accent-strong: color-mix(in srgb, light-dark(#000, #fff) 20%, var(--_accent));
    --_accent-soft: color-mix(in srgb, var(--_accent) 10%, var(--_surface));
    --_accent-line: color-mix(in srgb, var(--_accent) 38%, var(--_surface));
    --_on-accent: var(--handout-on-accent, light-dark(#ffffff, #04231a));
    --_danger: light-dark(#b42318, #ff9b90);
    --_danger-soft: light-dark(#fdeeec, #381a18);
    --_danger-line: light-dark(#f0c4be, #6b302b);
    --_warn: light-dark(#8a5300, #f0c36a);
    --_warn-soft: light-dark(#fdf3de, #33270f);
    --_warn-line: light-dark(#ecd6a5, #5f4a1d);
    --_inverse: light-dark(#1b2622, #e9efec);
    --_on-inverse: light-dark(#f2f6f4, #16201c);
    --_shadow: light-dark(rgb(16 32 26 / 6%), rgb(0 0 0 / 34%));
    --_shadow-1: 0 1px 2px var(--_shadow);
    --_shadow-2: 0 1px 2px var(--_shadow), 0 6px 20px -6px light-dark(rgb(16 32 26 / 12%), rgb(0 0 0 / 50%));
    --_shadow-3: 0 2px 6px var(--_shadow), 0 18px 48px -12px light-dark(rgb(16 32 26 / 24%), rgb(0 0 0 / 70%));

    --_font: var(
      --handout-font,
      system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", "Liberation Sans", sans-serif
    );
    --_text-m: var(--handout-font-size, 0.9375rem);
    --_text-xs: calc(var(--_text-m) * 0.8);
    --_text-s: calc(var(--_text-m) * 0.8667);
    --_text-l: calc(var(--_text-m) * 1.2);
    --_text-xl: calc(var(--_text-m) * 1.6);

    --_r-m: var(--handout-radius, 12px);
    --_r-s: calc(var(--_r-m) * 0.667);
    --_r-l: calc(var(--_r-m) * 1.5);
    --_r-full: 999px;
    --_touch: 40px;
    --_ease: cubic-bezier(0.2, 0.7, 0.2, 1);
  }
`;
