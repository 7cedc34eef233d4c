import { defineRule } from './rule.ts';

const WHY: Record<string, string> = {
  'not-stopped': 'but the transfer was started and nobody waited for its end',
  asynchronous: 'but the call that stops the channel does not wait until the device is done',
  timeout: 'but the wait for the end of the transfer may have run into its timeout',
};

export const freeWhileRunning = defineRule({
  id: 'free-while-running',
  severity: 'warning',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 18, true: 17 }],
  summary: 'Memory is unmapped or freed, or left to the caller, while a transfer on it may still run.',
  cwe: 416,
  message: ({ detail }) =>
    detail.why === 'other-stopped'
      ? `${detail.api} stops a channel that was not started, and the one that was started runs on when the function has failed: its memory goes away meanwhile. Stop that one`
      : `${detail.api} takes the memory away, ${WHY[detail.why ?? ''] ?? WHY['not-stopped']}. Stop the channel with dmaengine_terminate_sync () before`,
});
