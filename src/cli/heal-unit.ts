export interface HealUnit {
  readonly cluster: string;
  /** The program and its first arguments: node and the script. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  /** Variables that say where the workspace is. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A systemd unit that keeps a cluster healed. It holds no secret: the provider's token comes from a file of root's. */
export function healUnit({ cluster, program, args, environment }: HealUnit): string {
  const command = [...program, 'cluster', 'heal', cluster, '--watch', '--yes', '--progress', 'plain', ...args];
  return `[Unit]
Description=Slipway replaces lost machines of ${escaped(cluster)}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
${Object.entries(environment)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join('')}# The provider's token, such as HCLOUD_TOKEN=…: a file that only root can read.
EnvironmentFile=-/etc/slipway/${cluster}.env
ExecStart=${command.map(quoted).join(' ')}
Restart=always
RestartSec=10
# Asked to stop, it finishes or leaves the step that it is at; the next start goes on from there.
SuccessExitStatus=130
TimeoutStopSec=120
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`;
}

/** Specifiers begin with a percent sign. */
const escaped = (text: string): string => text.replaceAll('%', '%%');

const quoted = (text: string): string =>
  /^[\w@+=:,./-]+$/.test(text)
    ? text
    : `"${escaped(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`;
