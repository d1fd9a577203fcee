import { parse } from 'yaml';

export interface CloudUser {
  readonly name: string;
  readonly keys: readonly string[];
  /** May become root with `sudo -n`. */
  readonly sudo: boolean;
}

export interface CloudFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly owner: string;
}

/** What user data asks of a machine, as far as the sandbox's machines can do it. */
export interface CloudConfig {
  readonly hostname: string | undefined;
  readonly users: readonly CloudUser[];
  readonly rootKeys: readonly string[];
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string } | undefined;
  readonly files: readonly CloudFile[];
  readonly commands: readonly string[];
  /** What ends in `status: error`: a key, value or command this machine cannot honour. */
  readonly problems: readonly string[];
}

const nothing: CloudConfig = {
  hostname: undefined,
  users: [],
  rootKeys: [],
  hostKey: undefined,
  files: [],
  commands: [],
  problems: [],
};

/** Keys whose effect is the machine's anyway, or cannot be seen in the sandbox. */
const silent = new Set([
  'disable_root',
  'fqdn',
  'locale',
  'manage_etc_hosts',
  'no_ssh_fingerprints',
  'package_reboot_if_required',
  'package_update',
  'package_upgrade',
  'prefer_fqdn_over_hostname',
  'preserve_hostname',
  'ssh',
  'ssh_deletekeys',
  'ssh_genkeytypes',
  'ssh_publish_hostkeys',
  'ssh_pwauth',
  'timezone',
]);

/** Lines of bootcmd and runcmd that a simulated machine can carry out. */
const knownCommands: readonly RegExp[] = [
  /^systemctl (?:restart|reload|try-restart|reload-or-restart) (?:ssh|sshd)(?:\.service)?$/,
  /^systemctl (?:disable|mask|stop)(?: --now)? [a-z0-9@. -]*(?:apt|unattended|ufw|firewalld|multipathd|snapd)[a-z0-9@. -]*$/,
  /^(?:mkdir -p|chmod [0-7]+|touch|rm -f) \/[\w./-]+$/,
  /^(?:true|swapoff -a|sysctl --system|ufw disable)$/,
];

/** Reads `#cloud-config` user data. Empty user data asks nothing. */
export function parseCloudConfig(userData: string): CloudConfig {
  if (userData.trim() === '') return nothing;
  if (!/^#cloud-config\s*$/m.test(userData.split('\n', 1)[0] ?? '')) {
    return { ...nothing, problems: ['user data does not begin with #cloud-config'] };
  }
  let root: unknown;
  try {
    root = parse(userData);
  } catch (error) {
    return {
      ...nothing,
      problems: [`user data is no YAML: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
  if (root === null) return nothing;
  if (!isRecord(root)) return { ...nothing, problems: ['user data is no mapping'] };
  return read(root);
}

function read(root: Readonly<Record<string, unknown>>): CloudConfig {
  const problems: string[] = [];
  const users: CloudUser[] = [];
  const rootKeys = strings(root.ssh_authorized_keys);
  for (const user of list(root.users)) {
    if (user === 'default') continue;
    if (!isRecord(user) || typeof user.name !== 'string') {
      problems.push('an entry of users has no name');
      continue;
    }
    const keys = strings(user.ssh_authorized_keys);
    if (user.name === 'root') rootKeys.push(...keys);
    else users.push({ name: user.name, keys, sudo: mentionsSudo(user) });
  }
  const commands = [...list(root.bootcmd), ...list(root.runcmd)].map(commandLine);
  for (const command of commands) {
    if (!knownCommands.some((known) => known.test(command))) problems.push(`command not found: ${command}`);
  }
  const handled = new Set(['hostname', 'users', 'ssh_authorized_keys', 'ssh_keys', 'write_files', 'bootcmd', 'runcmd']);
  for (const key of Object.keys(root)) {
    if (!handled.has(key) && !silent.has(key)) problems.push(`unknown key ${key}`);
  }
  return {
    hostname: typeof root.hostname === 'string' ? root.hostname : undefined,
    users,
    rootKeys,
    hostKey: hostKey(root.ssh_keys, problems),
    files: list(root.write_files).flatMap((file) => cloudFile(file, problems)),
    commands,
    problems,
  };
}

function hostKey(keys: unknown, problems: string[]): CloudConfig['hostKey'] {
  if (keys === undefined) return undefined;
  if (isRecord(keys) && typeof keys.ed25519_private === 'string' && typeof keys.ed25519_public === 'string') {
    return { privateKey: keys.ed25519_private, publicKey: keys.ed25519_public.trim() };
  }
  problems.push('ssh_keys needs ed25519_private and ed25519_public');
  return undefined;
}

function cloudFile(file: unknown, problems: string[]): CloudFile[] {
  if (!isRecord(file) || typeof file.path !== 'string') {
    problems.push('an entry of write_files has no path');
    return [];
  }
  const encoding = file.encoding;
  const content = typeof file.content === 'string' ? file.content : '';
  const base64 = encoding === 'b64' || encoding === 'base64';
  if (encoding !== undefined && encoding !== 'text/plain' && !base64) problems.push(`unknown encoding of ${file.path}`);
  return [
    {
      path: file.path,
      content: base64 ? Buffer.from(content, 'base64').toString('utf8') : content,
      mode: typeof file.permissions === 'string' ? parseInt(file.permissions, 8) : 0o644,
      owner: typeof file.owner === 'string' ? (file.owner.split(':')[0] ?? 'root') : 'root',
    },
  ];
}

function mentionsSudo(user: Readonly<Record<string, unknown>>): boolean {
  return strings(Array.isArray(user.sudo) ? user.sudo : [user.sudo]).some((rule) => rule.includes('NOPASSWD'));
}

const commandLine = (command: unknown): string =>
  Array.isArray(command) ? command.map(String).join(' ') : String(command).trim();
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const strings = (value: unknown): string[] => list(value).filter((item): item is string => typeof item === 'string');
