/** What a plain OpenSSH client must know to accept exactly our pins. */
export interface KnownHost {
  readonly machine: string;
  readonly address: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` */
  readonly pins: readonly string[];
}

/**
 * The text of a known_hosts file: one line per pin, valid for the machine's address and, with `HostKeyAlias`, for its
 * name. The trailing comment is the machine's name.
 */
export function knownHosts(hosts: readonly KnownHost[]): string {
  return hosts
    .flatMap(({ machine, address, port, pins }) => pins.map((pin) => line(machine, hostPattern(address, port), pin)))
    .join('');
}

/** The same text with this machine's lines brought in step with its pins; other lines stay as they are. */
export function withPins(text: string, machine: string, pins: readonly string[]): string {
  const lines = text.split('\n').filter((entry) => entry !== '');
  const own = lines.filter((entry) => entry.split(' ')[3] === machine);
  if (own.length === 0) return text;
  const hosts = (own[0]?.split(' ')[0] ?? '').split(',').slice(1).join(',');
  const others = lines.filter((entry) => !own.includes(entry)).map((entry) => `${entry}\n`);
  return [...others, ...pins.map((pin) => line(machine, hosts, pin))].join('');
}

function line(machine: string, hosts: string, pin: string): string {
  const [type = '', key = ''] = pin.split(' ');
  return `${machine},${hosts} ${type} ${key} ${machine}\n`;
}

/** As ssh looks it up: the bare address for port 22, else `[address]:port`. */
function hostPattern(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}
