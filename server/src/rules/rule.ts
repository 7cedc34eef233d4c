import type { Violation, ViolationKind } from '@dma-audit/simulator';

export type Severity = 'error' | 'warning' | 'information';

/** How often the rule's reports were right on real trees, read one by one. */
export interface Precision {
  readonly tree: string;
  readonly read: number;
  readonly true: number;
}

/** What a rule may use to find its words. */
export interface Finding {
  readonly violation: Violation;
  readonly detail: Readonly<Record<string, string>>;
  /** Source text of the operation with this index, short, one line: "dma_map_single(dev, buf, …)". */
  readonly textOf: (index: number) => string;
  /** API name of the operation with this index: "dma_map_single". */
  readonly apiOf: (index: number) => string;
  readonly dialect: 'linux' | 'edk2';
}

/** One rule: words and metadata for one kind of violation or cost. It never finds anything itself: the simulator does. */
export interface Rule {
  readonly id: ViolationKind;
  readonly severity: Severity;
  readonly dialects: readonly ('linux' | 'edk2')[];
  /** Off by default until its precision on real trees is at least 80 %. */
  readonly nursery: boolean;
  /** Dialects in which it is off by default for the same reason, though it is on in the other. */
  readonly nurseryIn: readonly ('linux' | 'edk2')[];
  readonly precision: readonly Precision[];
  /** One line: what is wrong. */
  readonly summary: string;
  /** CWE that fits best, as a number; null where none does. */
  readonly cwe: number | null;
  /** What, and what to do. The platforms and their consequences are added by the caller. */
  readonly message: (finding: Finding) => string;
  /** Words for a related place, by the part it plays. */
  readonly related: (role: Violation['related'][number]['role'], finding: Finding) => string;
}

const RELATED: Record<Violation['related'][number]['role'], string> = {
  mapped: 'mapped here',
  allocated: 'allocated here',
  released: 'already released here',
  freed: 'memory freed here',
  checked: 'tested here',
  failed: 'failed here',
  lost: 'last reference lost here',
  used: 'used here',
  declared: 'the memory is this',
  synced: 'synced here',
  started: 'started here',
  stopped: 'ends here, or should',
  converted: 'made shared here',
  read: 'read here',
  locked: 'from here on nothing may sleep',
};

/** Fills in what most rules share. */
export function defineRule(
  rule: Omit<Rule, 'related' | 'nursery' | 'nurseryIn' | 'precision' | 'cwe'> & Partial<Rule>,
): Rule {
  return { nursery: false, nurseryIn: [], precision: [], cwe: null, related: (role) => RELATED[role], ...rule };
}

/** "to-device" as the source calls it. */
export function directionName(direction: string | undefined, dialect: 'linux' | 'edk2'): string {
  const linux: Record<string, string> = {
    'to-device': 'DMA_TO_DEVICE',
    'from-device': 'DMA_FROM_DEVICE',
    bidirectional: 'DMA_BIDIRECTIONAL',
    none: 'DMA_NONE',
  };
  const edk2: Record<string, string> = {
    'to-device': 'BusMasterRead',
    'from-device': 'BusMasterWrite',
    bidirectional: 'BusMasterCommonBuffer',
  };
  return (dialect === 'linux' ? linux : edk2)[direction ?? ''] ?? 'unknown';
}
