/** What went wrong while a program ran. One kind for each rule that words it. */
export type FaultKind =
  | 'mapping-leak'
  | 'buffer-leak'
  | 'channel-leak'
  | 'lifecycle-leak'
  | 'double-unmap'
  | 'double-free'
  | 'unmap-after-failed-map'
  | 'use-after-unmap'
  | 'free-while-mapped'
  | 'direction-mismatch'
  | 'size-mismatch'
  | 'api-mismatch'
  | 'device-mismatch'
  | 'wrong-handle'
  | 'export-offset'
  | 'sg-count-mismatch'
  | 'unmapped-sg-access'
  | 'sync-mismatch'
  | 'unchecked-mapping'
  | 'wrong-mapping-check'
  | 'unchecked-allocation'
  | 'short-mapping'
  | 'unmapped-common-buffer'
  | 'foreign-common-buffer'
  | 'exit-boot-services-memory-map'
  | 'unmappable-memory'
  | 'sleeping-in-atomic'
  | 'free-while-running'
  | 'unchecked-mask'
  | 'wrong-address'
  | 'missing-sync'
  | 'device-length-exceeds-mapping'
  | 'shared-cache-line'
  | 'invalid-attributes'
  | 'access-rights-leak'
  | 'swallowed-failure'
  | 'unchecked-unmap'
  | 'exit-boot-services-unmap-order'
  | 'exit-boot-services-leak'
  | 'one-shot-for-shared'
  | 'shared-page-freed'
  | 'double-fetch'
  | 'host-controlled-value'
  | 'stale-secret-shared'
  | 'wrong-operation'
  | 'missing-dual-address-cycle'
  | 'cpu-access-while-mapped';

/** An earlier operation that belongs to the fault, and the part it plays. */
export interface RelatedOperation {
  readonly index: number;
  readonly role:
    | 'mapped'
    | 'allocated'
    | 'released'
    | 'freed'
    | 'checked'
    | 'failed'
    | 'lost'
    | 'used'
    | 'declared'
    | 'synced'
    | 'started'
    | 'stopped'
    | 'locked'
    | 'converted'
    | 'read';
}

/** What is not wrong, but costs more than it has to. One kind for each rule that words it. */
export type HintKind =
  | 'conversion-churn'
  | 'map-in-loop'
  | 'flush-per-page'
  | 'sub-page-coherent'
  | 'bounce-heavy'
  | 'oversized-bounce';

export type ViolationKind = FaultKind | HintKind;

export interface Violation {
  readonly kind: ViolationKind;
  /** Index of the operation at which the machine noticed. */
  readonly index: number;
  readonly related: readonly RelatedOperation[];
  /** Facts for the words: names, directions, families. */
  readonly detail: Readonly<Record<string, string>>;
  /** What happens on this platform; null = here it happens to work. */
  readonly consequence: string | null;
}
