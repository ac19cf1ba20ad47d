import { defineConfig } from 'oxlint';

/*
 * The rooms of the house. What a simulation must control comes through `Ports` and `Net`; so the globals of the
 * platform are out of bounds everywhere but in ports.ts and in Node's adapters (`node-*.ts`). The overrides at the
 * end apply in order: a later room is a part of an earlier one.
 */
const rooms = {
  everySource: ['packages/*/src/**/*.ts'],
  core: ['packages/core/src/**/*.ts'],
  socket: ['packages/core/src/socket/**/*.ts'],
  protocol: ['packages/*/src/protocol/**/*.ts'],
  exempt: ['packages/core/src/ports.ts', 'packages/*/src/**/node-*.ts', 'packages/*/src/testing/**/*.ts'],
};

const timeAndTurns = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'scheduler',
  'MessageChannel',
];
const sockets = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'BroadcastChannel'];
const randomness = ['crypto'];
const platform = ['process', 'Buffer', 'global', 'globalThis', 'self', 'window', 'require', 'navigator'];

function globals(names, message) {
  return names.map((name) => ({ name, message }));
}

const ported = [
  ...globals(timeAndTurns, 'Time and turns come from `Ports`, so that a simulation controls them.'),
  ...globals(randomness, 'Randomness comes from `Ports.random`.'),
  ...globals(sockets, 'Connections come from a port (`Net`, `http`).'),
];

const noAmbientMembers = [
  'error',
  { object: 'Math', property: 'random', message: 'Randomness comes from `Ports.random`.' },
  { object: 'Date', property: 'now', message: 'The time comes from `Ports.clock`.' },
  {
    object: 'AbortSignal',
    property: 'timeout',
    message: 'A deadline comes from the timekeeper, not from a timer of its own.',
  },
  { object: 'process', property: 'nextTick', message: 'Turns come from `Ports.turns`.' },
  { object: 'process', property: 'hrtime', message: 'The time comes from `Ports.clock`.' },
];

const modulesOfTime = ['node:timers', 'node:timers/promises', 'node:perf_hooks', 'node:process', 'node:worker_threads'];
const modulesOfSockets = [
  'node:net',
  'node:tls',
  'node:dgram',
  'node:dns',
  'node:dns/promises',
  'node:http',
  'node:https',
  'node:http2',
];

/** Bytes, errors, tables, policies: runs in a browser, a worker, a simulation. */
const anywhereRules = {
  'no-restricted-globals': [
    'error',
    { globals: [...ported, ...globals(platform, 'This file runs anywhere, without Node.')], checkGlobalObject: true },
  ],
  'no-restricted-properties': noAmbientMembers,
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        { group: ['node:*'], message: 'This file runs anywhere, without Node.' },
        { group: ['@wirewright/core/socket', '@wirewright/core/testing', '**/socket/**'], message: 'No sockets here.' },
      ],
    },
  ],
  'house/no-current-date': 'error',
};

/** May know Node, may not reach around the ports. */
const simulatedRules = {
  'no-restricted-globals': ['error', { globals: ported, checkGlobalObject: true }],
  'no-restricted-properties': noAmbientMembers,
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        { group: modulesOfTime, message: 'Time, turns and randomness come from `Ports`.' },
        {
          group: modulesOfSockets,
          message: "Sockets come from `Net`; Node's are behind it, in core/src/socket/node-*.ts.",
          allowTypeImports: true,
        },
      ],
    },
  ],
  'house/no-current-date': 'error',
};

/** Tests are driven by events and by the fake clock. */
const testRules = {
  'no-restricted-globals': [
    'error',
    {
      globals: globals(['setTimeout', 'setInterval'], 'A test never sleeps: use the fake clock, or wait for an event.'),
      checkGlobalObject: true,
    },
  ],
  'no-restricted-imports': [
    'error',
    { patterns: [{ group: ['node:timers', 'node:timers/promises'], message: 'A test never sleeps.' }] },
  ],
  'max-lines': ['error', { max: 600 }],
  // `await null` is how a test lets the microtasks before it run.
  'typescript/await-thenable': 'off',
  'unicorn/no-unnecessary-await': 'off',
  'vitest/no-focused-tests': 'error',
  'vitest/no-disabled-tests': 'error',
};

/** Rules of the categories below that would ask for something else than this house does. */
const unwanted = {
  // Casts are reviewed; the compiler's own strictness and `no-explicit-any` carry the weight.
  'typescript/no-unsafe-type-assertion': 'off',
  // The compiler checks returns (`noImplicitReturns`), and reads `undefined` as a value.
  'typescript/consistent-return': 'off',
  // Interfaces with methods are spread and destructured here as plain records.
  'typescript/no-misused-spread': 'off',
  'typescript/unbound-method': 'off',
  'promise/always-return': 'off',
  // `new Array(capacity)` and sorting in place are chosen where memory counts; `new X()` may stand alone.
  'unicorn/no-new-array': 'off',
  'unicorn/no-array-sort': 'off',
  'unicorn/no-array-reverse': 'off',
  'no-new': 'off',
  // Of windows; workers and processes have no origin.
  'unicorn/require-post-message-target-origin': 'off',
  // `Record<never, never>` is how a type parameter says that there is nothing.
  'typescript/no-generated-empty-object-type': 'off',
  'unicorn/consistent-function-scoping': 'off',
  // Tables of cases and helpers that assert.
  'vitest/no-conditional-expect': 'off',
  'vitest/no-conditional-tests': 'off',
  'vitest/no-standalone-expect': 'off',
  'vitest/expect-expect': 'off',
  'vitest/valid-title': 'off',
  'vitest/require-to-throw-message': 'off',
};

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'vitest', 'promise', 'node'],
  jsPlugins: ['./tools/lint/house.mjs'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['**/dist/**', '**/.tmp/**', '**/fixtures/**'],
  rules: {
    'house/no-export-all': 'error',
    'house/no-other-client': 'error',
    'import/no-default-export': 'error',
    'import/no-cycle': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/no-namespace': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/consistent-type-imports': [
      'error',
      { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
    ],
    'oxc/no-const-enum': 'error',
    'max-lines': ['error', { max: 400 }],
    eqeqeq: 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    ...unwanted,
  },
  overrides: [
    { files: rooms.everySource, rules: simulatedRules },
    { files: rooms.core, rules: anywhereRules },
    { files: rooms.socket, rules: simulatedRules },
    { files: rooms.protocol, rules: anywhereRules },
    {
      files: rooms.exempt,
      rules: {
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'no-restricted-imports': 'off',
        'house/no-current-date': 'off',
      },
    },
    { files: ['packages/*/test/**/*.ts', 'tools/test/**/*.ts'], rules: testRules },
    {
      // No tsconfig.json above these names them (tsconfig.parts.json does): the linter reads them with looser options.
      files: ['packages/*/{bench,demo,soak,fuzz,examples}/**/*.ts'],
      rules: { 'typescript/no-unnecessary-type-assertion': 'off' },
    },
    {
      files: ['*.config.{ts,mjs}', '**/*.config.ts', 'tools/lint/*.mjs'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});
