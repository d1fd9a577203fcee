import { type ErrorEntry, errorGroups, hostTaskCodes } from '../src/errors/codes/index.js';
import { builtInProviders } from '../src/runtime/providers.js';

/** The page of all error codes. */
export async function errorsPage(): Promise<string> {
  const packages = await Promise.all(Object.values(builtInProviders).map((load) => load()));
  return [
    '# Error codes',
    '',
    'Made from `src/errors/codes` and from the providers’ own codes by `npm run docs`. An error ends with `Code:` and one of these; `--json` has it as `error.code`.',
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
    '## Codes of one provider',
    '',
    'What a provider’s API says that has neither a code above nor one here is `PROVIDER_ANSWER`; the message has its own word.',
    '',
    ...packages.flatMap(({ name, title, codes }) => section(`${title} (\`${name}\`)`, codes, [], '###')),
  ].join('\n');
}

function section(
  title: string,
  group: Readonly<Record<string, ErrorEntry>>,
  before: readonly string[] = [],
  level = '##',
): string[] {
  const rows = Object.entries(group)
    .sort(([one], [other]) => one.localeCompare(other, 'en'))
    .map(([code, { exits, meaning, remedy }]) => `| \`${code}\` | ${exits.join(', ')} | ${meaning} | ${remedy} |`);
  return [
    `${level} ${title}`,
    '',
    ...before,
    '| code | exit | what happened | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ];
}
