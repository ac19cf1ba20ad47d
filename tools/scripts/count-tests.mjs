/**
 * Prints `N passed, N failed` over all reports that the last test run has left, replayed ones included: turbo
 * restores `.tmp/tests.json` with a cached result.
 *
 *     node tools/scripts/count-tests.mjs [failures that are no tests]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageNames, root } from './common.mjs';

let passed = 0;
let failed = Number(process.argv[2] ?? 0);

for (const folder of ['tools', ...packageNames().map((name) => join('packages', name))]) {
  const file = join(root, folder, '.tmp', 'tests.json');
  if (!existsSync(file)) continue;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A file that cannot be loaded has no test that failed, and has failed.
  failed += report.testResults.filter((one) => one.status === 'failed' && !one.assertionResults.some(isFailure)).length;
}

process.stdout.write(`${passed} passed, ${failed} failed\n`);

function isFailure(assertion) {
  return assertion.status === 'failed';
}
