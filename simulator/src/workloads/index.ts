export { WORKLOADS } from './all.ts';
export { renderCell } from './render.ts';
export type { Cell, Column, Row, Unit, Workload } from './workload.ts';
