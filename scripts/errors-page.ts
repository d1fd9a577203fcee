import { type ErrorEntry, errorGroups, hostTaskCodes } from '../src/errors/codes/index.js';

/** The page of all error codes. */
export function errorsPage(): string {
  return [
    '# Error codes',
    '',
    'Made from `src/errors/codes` by `npm run docs`. An error ends with `Code:` and one of these; `--json` has it as `error.code`.',
    'Codes are stable: a script can tell errors by them.',
    '',
    'The exit code tells whether anything was changed: 2 and 3 mean no, 4 means run the same command again. What goes wrong after',
    'the first change ends with 4, whatever its code ends with before that. The README lists all exit codes.',
    '',
    ...Object.entries(errorGroups).flatMap(([title, group]) => section(title, group)),
    ...section('Codes of tasks on machines', hostTaskCodes, [
      'Shown beside `TASK_FAILED` and `TASK_TIMEOUT`, as in `Code: TASK_FAILED (DISK_FULL)`; `--json` has it as `error.hostCode`.',
      '',
    ]),
    '## The provider’s own words',
    '',
    'What Hetzner’s API says that has no code above is `HETZNER_` and Hetzner’s own word, such as `HETZNER_LOCKED`: exit 4 where',
    'waiting may help, else 1. Hetzner’s API documentation explains the words.',
    '',
  ].join('\n');
}

function section(title: string, group: Readonly<Record<string, ErrorEntry>>, before: readonly string[] = []): string[] {
  const rows = Object.entries(group)
    .sort(([one], [other]) => one.localeCompare(other, 'en'))
    .map(([code, { exits, meaning, remedy }]) => `| \`${code}\` | ${exits.join(', ')} | ${meaning} | ${remedy} |`);
  return [
    `## ${title}`,
    '',
    ...before,
    '| code | exit | what happened | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}
