import type { ViteUserConfig } from 'vitest/config';

/** Turbo names the hash of the task it runs: such a run is also written down, for `.ci/run` to count. */
const underTurbo = process.env['TURBO_HASH'] !== undefined;

/** What every package's tests share: sources are run as they are, without a build. */
export const shared: ViteUserConfig = {
  resolve: { conditions: ['@wirewright/source'] },
  ssr: { resolve: { conditions: ['@wirewright/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
    reporters: underTurbo ? ['default', ['json', { outputFile: '.tmp/tests.json' }]] : ['default'],
  },
};
