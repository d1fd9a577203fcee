import { basename, delimiter, dirname, isAbsolute, relative, resolve } from 'node:path';

export interface Invocation {
  /** `process.argv[1]`: the script as it was found. */
  readonly script: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How this program is started from here, as it was this time: `slipway`, `npx slipway`, `bin/run.js`, `node bin/run.js`. */
export function programName({ script, cwd, env }: Invocation): string {
  if (script === undefined) return 'slipway';
  if (env['npm_command'] === 'exec') return 'npx slipway';
  const folders = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const installed = folders.some((folder) => resolve(folder) === dirname(script));
  if (installed && basename(script, '.cmd') === 'slipway') return 'slipway';
  const near = relative(cwd, script);
  const path = near.startsWith('..') || isAbsolute(near) ? script : near.includes('/') ? near : `./${near}`;
  const typed = /\s/.test(path) ? JSON.stringify(path) : path;
  // Shells put there what they started; without one, the script is started by itself.
  return /(?:^|[\\/])node(?:\.exe)?$/.test(env['_'] ?? '') ? `node ${typed}` : typed;
}

/** The program's name where it begins a command, not where it is only spoken of. */
const ourCommand =
  /(?<![\w./-])slipway(?= (?:backup|bundle|cluster|completion|component|drill|help|host|image|maintain|pool|sandbox|schema|tenant|version|workspace|--help)\b)/g;

/** Text for people with the commands in it as they can be typed here. */
export const asTyped = (text: string, program: string): string => text.replace(ourCommand, () => program);
