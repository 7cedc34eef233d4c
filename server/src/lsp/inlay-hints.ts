import type { Platform } from '@dma-audit/simulator';
import { type InlayHint, InlayHintKind } from 'vscode-languageserver';
import type { FunctionFacts, LiveFunction } from '../audit/index.ts';
import type { Document } from './document.ts';
import { ADDRESSES } from './hover.ts';

/** Behind each map: what the device is given on the platform. */
export function inlayHints(
  facts: FunctionFacts,
  { start }: LiveFunction,
  document: Document,
  platform: Platform,
): InlayHint[] {
  return facts.places.flatMap(({ op, outcome, address, end }) => {
    if (op !== 'map' || outcome === 'failed' || address === null) return [];
    const { label, words } = ADDRESSES[address];
    return [
      {
        position: document.positionAt(start + end),
        label: `→ ${label}`,
        kind: InlayHintKind.Type,
        paddingLeft: true,
        tooltip: `${platform.title}: ${words}`,
      },
    ];
  });
}
