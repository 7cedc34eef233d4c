import type { DmaOperation, Effects, EfiStatus } from './efi.ts';
import type { Piece } from './iommudxe-reserved.ts';

/** Where memory came from: a piece of the reserved region, or the page allocator. */
export type Source = Piece | 'pages';

export interface IoMmuDxeMapping {
  readonly operation: DmaOperation;
  readonly host: number;
  readonly bytes: number;
  readonly deviceAddress: number;
  readonly source: Source;
}

export type AllocateBufferResult = Effects &
  (
    | { readonly status: 'SUCCESS'; readonly host: number; readonly source: Source }
    | { readonly status: Exclude<EfiStatus, 'SUCCESS'> }
  );

export type MapResult = Effects & {
  /** NumberOfBytes as the caller finds it afterwards. */
  readonly bytes: number;
} & (
    | {
        readonly status: 'SUCCESS';
        /** The token to unmap with; 0 = nothing is recorded (2017-07, common buffers). */
        readonly mapping: number;
        readonly deviceAddress: number;
        readonly source: Source;
        /** The piece belongs to another live mapping as well: both will overwrite each other. */
        readonly duplicate: boolean;
      }
    | { readonly status: Exclude<EfiStatus, 'SUCCESS'> }
  );

export type Answer = Effects & { readonly status: EfiStatus };

export type ExitResult = Effects & {
  /** The mappings torn down, newest first. */
  readonly mappings: readonly number[];
};
