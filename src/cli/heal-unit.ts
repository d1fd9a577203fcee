import { escaped, programLines, type UnitProgram } from './systemd-unit.js';

/** A systemd unit that keeps a cluster healed. */
export function healUnit(program: UnitProgram): string {
  const { cluster } = program;
  return `[Unit]
Description=Slipway replaces lost machines of ${escaped(cluster)}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
${programLines(program, ['cluster', 'heal', cluster, '--watch', '--yes', '--progress', 'plain'])}
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
