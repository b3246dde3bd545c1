import type { Plugin } from 'vite';

export function slimTus(): Plugin;
