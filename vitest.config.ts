import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['dma-audit-source', 'module', 'node'] } },
  resolve: { conditions: ['dma-audit-source', 'module', 'node'] },
  test: {
    include: ['{simulator,server,client}/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
