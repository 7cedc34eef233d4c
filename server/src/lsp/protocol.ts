import { NotificationType } from 'vscode-languageserver';

/** How far the analysis of an open document has come. */
export interface Status {
  readonly uri: string;
  readonly version: number;
  /** Null: nothing in it has to do with DMA. */
  readonly dialect: 'linux' | 'edk2' | null;
  /** Functions whose results are old or missing; 0 = all is told. */
  readonly pending: number;
  readonly analysed: number;
  readonly degraded: number;
  readonly skipped: number;
}

export const StatusNotification = new NotificationType<Status>('dma-audit/status');
