import { FsError } from './file-system.js';
import type { Machine } from './machine.js';
import { type UnitName, unitNames } from './units.js';

export interface CommandResult {
  readonly out: string;
  readonly err: string;
  readonly exit: number;
}

const ok = (out: string): CommandResult => ({ out, err: '', exit: 0 });
const failed = (exit: number, err: string, out = ''): CommandResult => ({ out, err: `${err}\n`, exit });

/** The few commands a person may type on a simulated machine. They look, or stop k3s. Anything else is not found. */
export function runInteractively(machine: Machine, user: string, line: string): CommandResult {
  const words = line.trim().split(/\s+/);
  const [name = '', ...args] = words[0] === 'sudo' && machine.users.get(user)?.sudo ? words.slice(1) : words;
  const as = words[0] === 'sudo' ? 'root' : user;
  if (/[;&|<>`$(){}\n*?]/.test(line)) return failed(2, 'sh: 1: this sandbox machine runs single, plain commands only');
  switch (name) {
    case '':
    case 'true':
      return ok('');
    case 'hostname':
      return args.length === 0 ? ok(`${machine.hostname}\n`) : failed(1, 'hostname: it can only be looked at here');
    case 'whoami':
      return ok(`${as}\n`);
    case 'uptime':
      return ok(uptime(machine));
    case 'uname':
      return uname(machine, args);
    case 'cat':
      return cat(machine, as, args);
    case 'systemctl':
      return systemctl(machine, as, args);
    case 'journalctl':
      return journalctl(machine, args);
    default:
      return failed(127, `sh: 1: ${name}: not found`);
  }
}

function uptime(machine: Machine): string {
  const now = machine.context.clock.now();
  const minutes = Math.floor((now - machine.bootedAt) / 60_000);
  return ` ${new Date(now).toISOString().slice(11, 19)} up ${minutes} min,  1 user,  load average: 0.08, 0.03, 0.01\n`;
}

function uname(machine: Machine, args: readonly string[]): CommandResult {
  const cpu = machine.spec.architecture === 'amd64' ? 'x86_64' : 'aarch64';
  if (args.length === 0) return ok('Linux\n');
  if (args[0] === '-m') return ok(`${cpu}\n`);
  if (args[0] === '-a') return ok(`Linux ${machine.hostname} 6.8.0-sandbox #1 SMP ${cpu} GNU/Linux\n`);
  return failed(1, `uname: invalid option -- '${args[0] ?? ''}'`);
}

function cat(machine: Machine, user: string, files: readonly string[]): CommandResult {
  const out: string[] = [];
  for (const path of files) {
    if (machine.files.exists(path) && !machine.files.mayRead(user, path)) {
      return failed(1, `cat: ${path}: Permission denied`, out.join(''));
    }
    try {
      out.push(machine.files.text(path));
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      return failed(1, `cat: ${error.message}`, out.join(''));
    }
  }
  return ok(out.join(''));
}

function systemctl(machine: Machine, user: string, args: readonly string[]): CommandResult {
  const [verb = '', name] = args;
  const unit = unitNamed(name);
  if (!['is-active', 'is-enabled', 'stop'].includes(verb) || args.length !== 2) {
    return failed(1, 'systemctl: only is-active, is-enabled and stop are known here, of k3s and k3s-agent');
  }
  if (verb === 'stop') {
    if (user !== 'root') return failed(4, `Failed to stop ${name}: Interactive authentication required.`);
    if (!unit || !machine.units.get(unit)) return failed(5, `Failed to stop ${name}: Unit ${name} not loaded.`);
    machine.stopUnit(unit);
    return ok('');
  }
  const known = unit && machine.units.get(unit);
  if (verb === 'is-enabled') {
    return known
      ? { out: known.enabled ? 'enabled\n' : 'disabled\n', err: '', exit: known.enabled ? 0 : 1 }
      : failed(4, '', 'not-found\n');
  }
  const state = known?.state ?? 'inactive';
  return { out: `${state}\n`, err: '', exit: state === 'active' ? 0 : 3 };
}

function journalctl(machine: Machine, args: readonly string[]): CommandResult {
  const flag = args.find((arg) => arg === '-u' || arg.startsWith('--unit='));
  const unit = unitNamed(flag === '-u' ? args[args.indexOf(flag) + 1] : flag?.slice('--unit='.length));
  if (!unit) return failed(1, 'journalctl: only the journal of k3s and k3s-agent is kept here (-u k3s)');
  const lines = machine.units.journal(unit, machine.hostname);
  return ok(lines.length === 0 ? '-- No entries --\n' : `${lines.join('\n')}\n`);
}

const unitNamed = (name: string | undefined): UnitName | undefined =>
  unitNames.find((unit) => unit === name?.replace(/\.service$/, ''));
