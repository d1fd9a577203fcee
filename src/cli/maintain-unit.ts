import { escaped, programLines, type UnitProgram } from './systemd-unit.js';

/** Units of systemd that have a cluster maintained: what runs a round, and what starts it. */
export const maintainUnits = {
  service: (program: UnitProgram): string => `[Unit]
Description=Slipway does what is due for ${escaped(program.cluster)}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
${programLines(program, ['maintain', program.cluster, '--yes', '--progress', 'plain'])}
# Something waits for a person, or another run is at work: no failure.
SuccessExitStatus=5 7 130
# A round takes as long as its rollouts do.
TimeoutStartSec=infinity
TimeoutStopSec=120
NoNewPrivileges=yes
`,
  timer: ({ cluster }: Pick<UnitProgram, 'cluster'>): string => `[Unit]
Description=Slipway looks what is due for ${escaped(cluster)}

[Timer]
OnCalendar=*:0/15
RandomizedDelaySec=1min
Persistent=true

[Install]
WantedBy=timers.target
`,
} as const;
