import type { ViteUserConfig } from 'vitest/config';

/** What every package's tests share: sources are run as they are, without a build. */
export const shared: ViteUserConfig = {
  resolve: { conditions: ['@wirewright/source'] },
  ssr: { resolve: { conditions: ['@wirewright/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
  },
};
