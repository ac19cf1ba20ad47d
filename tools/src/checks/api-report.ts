import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  type IConfigFile,
} from '@microsoft/api-extractor';
import { type Door, root, type WorkspacePackage } from '../workspace/packages.ts';

/** What stands behind one door, as API Extractor reads the built declarations. */
interface DoorReport {
  readonly door: Door;
  readonly declarations: string;
  /** Types that the declarations name and the door does not export. */
  readonly hidden: readonly string[];
}

/** Everything public of a package as one Markdown page; what changes it changes what users can rely on. */
export function apiReport(of: WorkspacePackage): string {
  const folder = mkdtempSync(join(tmpdir(), 'wirewright-api-'));
  try {
    const doors = of.doors.map((door) => extract(of, door, folder));
    const exported = new Set(doors.flatMap(({ declarations }) => exportedNames(declarations)));
    const sections = doors.map((door) => formatDoor(door, exported));
    const head = `# API of ${of.name}\n\nWritten by \`npm run api\`; a change here is a change for users. Do not edit.\n`;
    return [head, ...sections].join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function formatDoor({ door, declarations, hidden }: DoorReport, exported: ReadonlySet<string>): string {
  const nowhere = hidden.filter((name) => !exported.has(name)).sort();
  const notes =
    nowhere.length > 0
      ? `\nNamed above, exported by no door: ${nowhere.map((name) => `\`${name}\``).join(', ')}.\n`
      : '';
  return `## \`${door.specifier}\`\n\n\`\`\`ts\n${declarations}\n\`\`\`\n${notes}`;
}

function exportedNames(declarations: string): string[] {
  const declared = declarations.matchAll(
    /^export (?:declare |abstract )*(?:class|interface|type|function|const|let|namespace) (\w+)/gm,
  );
  return Array.from(declared, ([, name]) => name ?? '');
}

function extract(of: WorkspacePackage, door: Door, folder: string): DoorReport {
  const messages: ExtractorMessage[] = [];
  const { succeeded } = Extractor.invoke(prepare(of, door, folder), {
    localBuild: true,
    messageCallback: (message) => {
      messages.push(message);
      message.handled = true;
    },
  });
  const errors = messages.filter((message) => message.logLevel === ExtractorLogLevel.Error).map(({ text }) => text);
  if (!succeeded || errors.length > 0) throw new Error(`${door.specifier}: ${errors.join('\n')}`);
  const hidden = messages
    .filter(({ messageId }) => messageId === 'ae-forgotten-export')
    .map(({ text }) => /symbol "(\w+)"/.exec(text)?.[1] ?? text);
  return { door, declarations: declarationsOf(readFileSync(join(folder, 'report.api.md'), 'utf8')), hidden };
}

/** The code of API Extractor's page, without the remarks that would repeat on every line. */
function declarationsOf(report: string): string {
  const code = report.slice(report.indexOf('```ts') + '```ts'.length, report.lastIndexOf('```'));
  const remark = /^\s*\/\/ (@public.*|\(undocumented\)|\(No @packageDocumentation.*)$/;
  return code
    .split('\n')
    .filter((line) => !remark.test(line))
    .join('\n')
    .trim();
}

function prepare(of: WorkspacePackage, door: Door, folder: string): ExtractorConfig {
  const compilerOptions = {
    target: 'ES2023',
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    lib: ['ES2023', 'DOM', 'ESNext.Disposable'],
    types: [],
    strict: true,
    skipLibCheck: true,
  };
  const configObject: IConfigFile = {
    projectFolder: of.folder,
    mainEntryPointFilePath: door.types,
    newlineKind: 'lf',
    compiler: { overrideTsconfig: { compilerOptions, files: [door.types] } },
    apiReport: {
      enabled: true,
      reportFileName: 'report',
      reportFolder: folder,
      reportTempFolder: join(folder, 'temp'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.None },
        'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: false },
      },
      tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
    },
  };
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: join(root, 'tools', 'api-extractor.json'),
    packageJsonFullPath: join(of.folder, 'package.json'),
  });
}
