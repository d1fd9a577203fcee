/** What a unit of systemd runs: it holds no secret, as the provider's token comes from a file of root's. */
export interface UnitProgram {
  readonly cluster: string;
  /** The program and its first arguments: node and the script. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  /** Variables that say where the workspace is. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The lines of a section `[Service]` that say what runs. @param words the command, without the program */
export const programLines = (
  { cluster, program, args, environment }: UnitProgram,
  words: readonly string[],
): string => `${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join('')}# The provider's token, such as HCLOUD_TOKEN=… or LINODE_TOKEN=…: a file that only root can read.
EnvironmentFile=-/etc/slipway/${cluster}.env
ExecStart=${[...program, ...words, ...args].map(quoted).join(' ')}`;

/** Of what the workspace is found by, that which is set. */
export const workspaceVariables = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['HOME', 'SLIPWAY_HOME', 'SLIPWAY_WORKSPACE'].flatMap((name) => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );

/** Specifiers begin with a percent sign. */
export const escaped = (text: string): string => text.replaceAll('%', '%%');

const quoted = (text: string): string =>
  /^[\w@+=:,./-]+$/.test(text)
    ? text
    : `"${escaped(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`;
