export type { FtraceEvent, FtraceLine, FtraceRecord } from './ftrace-event.ts';
export { TraceLedger } from './ftrace-ledger.ts';
export { parseFtraceLine } from './ftrace-parse.ts';
export { type RefusedRequest, SwiotlbTrace } from './ftrace-swiotlb.ts';
