import { type Check, type CheckRow, row } from '../check.ts';
import { findPages } from './pages.ts';
import { writeProject } from './project.ts';
import { runProgram } from './run.ts';

/** The code of the READMEs and of `docs/`, against the packed packages: all of it compiles, what is marked runs. */
export const readmeCheck: Check = {
  name: 'readme',
  about: 'every ```ts block of README.md and docs/ compiles; those marked `run` run against the testing server',
  async run({ packages, consumer, runtime }) {
    const { programs, errors } = writeProject(consumer().subfolder('readme'), findPages(packages));
    const rows: CheckRow[] = [];
    for (const program of programs) {
      const compiled = errors === '';
      const problem = program.runs && compiled ? runProgram(runtime, program) : undefined;
      const ran = !program.runs || !compiled ? '-' : problem === undefined ? 'yes' : 'NO';
      rows.push(row([program.at, compiled ? 'yes' : 'see below', ran], problem));
    }
    if (errors !== '') rows.push(row(['compiler', 'NO', '-'], errors));
    return { columns: ['program', 'compiles', 'runs'], rows };
  },
};
