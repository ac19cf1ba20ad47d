import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../workspace/index.ts';
import { type Check, row } from './check.ts';

/** Whether `packages/core/docs/errors.md` says what the sources throw. */
export const errorsCheck: Check = {
  name: 'errors',
  about: 'the failures and error classes of the sources against packages/core/docs/errors.md; --update rewrites it',
  async run({ packages, update }) {
    const file = join(root, 'packages', 'core', 'docs', 'errors.md');
    const sources = packages.flatMap(({ folder, id }) =>
      sourcesBelow(join(folder, 'src')).map((path) => ({ id, path })),
    );
    const failures = sources.flatMap(({ id, path }) => failuresOf(id, path));
    const now = page(
      classesOf(readFileSync(join(root, 'packages', 'core', 'src', 'errors', 'kinds.ts'), 'utf8')),
      failures,
    );
    if (update) writeFileSync(file, now);
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const problem =
      before === now ? undefined : 'docs/errors.md differs; run `npm run check -- errors --update` and read the diff';
    return { columns: ['page', 'failures'], rows: [row([relative(root, file), String(failures.length)], problem)] };
  },
};

interface Row {
  readonly system: string;
  readonly kind: string;
  readonly code: string;
  readonly outcome: string;
  readonly retryable: string;
  readonly message: string;
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('testing'))
    .sort()
    .map((name) => join(folder, name));
}

/** What classes say when their thrower says nothing: their `kind`, and the three defaults. */
function classesOf(source: string): Row[] {
  const pattern =
    /export class (\w+)[^{]*\{\s*static override readonly kind: string = '([\w-]+)';\s*static override readonly defaults: Defaults = \{ code: '(\w+)', retryable: (\w+), outcome: '([\w-]+)' \}/g;
  return [...source.matchAll(pattern)].map(([, name = '', kind = '', code = '', retryable = '', outcome = '']) => ({
    system: name,
    kind,
    code,
    outcome,
    retryable,
    message: '',
  }));
}

function failuresOf(system: string, path: string): Row[] {
  const source = readFileSync(path, 'utf8');
  const rows: Row[] = [];
  for (let at = source.indexOf('new Failure({'); at >= 0; at = source.indexOf('new Failure({', at + 1)) {
    const body = source.slice(at + 'new Failure({'.length, closing(source, at + 'new Failure('.length));
    const kind = field(body, 'kind');
    // A failure that is made of another one is that one's row.
    if (kind === undefined || body.includes('...')) continue;
    rows.push({
      system,
      kind: literals(kind, 'what the cause says'),
      code: literals(field(body, 'code') ?? `'${kind.replaceAll("'", '').toUpperCase()}'`, 'as named there'),
      outcome: literals(field(body, 'outcome') ?? '', 'by what had left'),
      retryable: /^(true|false)$/.test(field(body, 'retryable') ?? '')
        ? (field(body, 'retryable') as string)
        : 'by case',
      message: literals((field(body, 'message') ?? '').replaceAll(/\$\{[^}]*\}/g, '…'), 'the text of its case'),
    });
  }
  return rows;
}

/** Where the brace that opens at `from` closes. */
function closing(source: string, from: number): number {
  let depth = 0;
  for (let i = from; i < source.length; i += 1) {
    if (source[i] === '{') depth += 1;
    else if (source[i] === '}') depth -= 1;
    if (depth === 0) return i;
  }
  return source.length;
}

/** The expression of one property, as it stands there. */
function field(body: string, name: string): string | undefined {
  const match = new RegExp(
    `(?:^|[\\n,{])\\s*${name}:\\s*([\\s\\S]*?)(?=,\\s*(?:\\n\\s*)?(?:\\w+:|\\w+,|\\}|$)|\\s*$)`,
  ).exec(body);
  return match?.[1]?.trim();
}

/** The texts that an expression can give. */
function literals(expression: string, otherwise: string): string {
  const texts = [...expression.matchAll(/'((?:[^'\\]|\\.)*)'|`([^`]*)`|"([^"]*)"/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
  return texts.length > 0 ? texts.join(' / ') : otherwise;
}

function page(classes: readonly Row[], failures: readonly Row[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').trim();
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  const unique = [
    ...new Set(failures.map((f) => line([f.system, f.kind, f.code, f.outcome, f.retryable, f.message]))),
  ].sort();
  return `# Errors

Made from the sources by \`npm run check -- errors --update\`; do not edit. A failure is settled by whoever held the call and becomes
the class of its kind (or one of the client's own) in the public method. \`outcome\` says whether the request took effect;
\`retryable\` whether a repeat may help. A call is repeated when both allow it: not sent, refused without effect, or idempotent.

## What each class says when its thrower says nothing

${line(['class', 'kind', 'code', 'outcome', 'retryable'])}
| --- | --- | --- | --- | --- |
${classes.map((c) => line([c.system, c.kind, c.code, c.outcome, c.retryable])).join('\n')}

## Failures by kind, code, outcome and retry

\`by what had left\`: \`not-sent\` before a byte of the request has left, else \`unknown\`.

${line(['system', 'kind', 'code', 'outcome', 'retryable', 'message'])}
| --- | --- | --- | --- | --- | --- |
${unique.join('\n')}
`;
}
