import type { Random } from '../../../src/domain/clock.js';
import type { MachineSpec, SandboxClock, SandboxProfile } from '../types.js';
import { parseCloudConfig } from './cloud-config.js';
import { FileSystem, type FsSnapshot } from './file-system.js';
import { writeFirstFiles } from './first-files.js';
import { generateHostKey } from './host-key.js';
import { Units, type UnitName, type UnitsSnapshot } from './units.js';

export type Power = 'off' | 'booting' | 'running' | 'stopping' | 'restarting';
export type CloudInit = 'not run' | 'running' | 'done' | 'error';

export interface NetworkInterface {
  readonly name: string;
  readonly networkId: number;
  readonly address: string;
  up: boolean;
}

/** What a unit does; the sandbox's k3s. */
export interface UnitBehaviour {
  started(machine: Machine, unit: UnitName): void;
  /** `lost`: the power went; nothing was said to anyone. */
  stopped(machine: Machine, unit: UnitName, how: 'asked' | 'lost'): void;
}

export interface MachineContext {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  readonly behaviour: UnitBehaviour;
  readonly changed: (machine: Machine) => void;
}

export interface MachineSnapshot {
  readonly spec: MachineSpec;
  readonly files: FsSnapshot;
  readonly units: UnitsSnapshot;
  readonly users: readonly (readonly [string, { sudo: boolean }])[];
  readonly interfaces: readonly NetworkInterface[];
  readonly hostname: string;
  readonly power: Power;
  readonly bootId: string;
  readonly bootedAt: number;
  readonly cloudInit: CloudInit;
  readonly cloudInitErrors: readonly string[];
  readonly neverBoots: boolean;
  readonly badDownloads: boolean;
  readonly diskFull: boolean;
}

/** A timer's work was for a machine that lost its power. */
export class PowerLost extends Error {
  constructor() {
    super('the machine lost its power');
    this.name = 'PowerLost';
  }
}

/** Milliseconds after an attach until the kernel shows the interface; the cloud is not prompt. */
const interfaceMs = 1_500;
const shutdownMs = 1_000;
/** Real milliseconds. */
const leastPatienceMs = 30_000;

/** One computer: power, disk, network interfaces, users and units. Who logs in and what tasks do is elsewhere. */
export class Machine {
  readonly files: FileSystem;
  readonly units = new Units();
  readonly users = new Map<string, { sudo: boolean }>();
  #interfaces: NetworkInterface[] = [];
  #hostname: string;
  #power: Power = 'off';
  #cloudInit: CloudInit = 'not run';
  #cloudInitErrors: readonly string[] = [];
  bootId = '';
  bootedAt = 0;
  /** A fault: power-on never gets as far as sshd. */
  neverBoots = false;
  /** A fault: what is downloaded arrives damaged. */
  badDownloads = false;
  readonly #pending = new Set<() => void>();
  readonly #downListeners = new Set<() => void>();
  readonly #checks = new Set<() => void>();

  constructor(
    readonly spec: MachineSpec,
    readonly context: MachineContext,
  ) {
    this.#hostname = spec.name;
    const now = (): number => Math.floor(context.clock.now() / 1000);
    this.files = new FileSystem(spec.diskGB * 1e9, now, () => this.changed());
    this.users.set('root', { sudo: true });
    writeFirstFiles(this.files, spec);
  }

  get id(): number {
    return this.spec.id;
  }
  get hostname(): string {
    return this.#hostname;
  }
  get power(): Power {
    return this.#power;
  }
  /** sshd accepts logins. */
  get up(): boolean {
    return this.#power === 'running';
  }
  get cloudInit(): { readonly status: CloudInit; readonly errors: readonly string[] } {
    return { status: this.#cloudInit, errors: this.#cloudInitErrors };
  }
  get interfaces(): readonly NetworkInterface[] {
    return this.#interfaces;
  }
  /** Every address the machine has now. */
  get addresses(): string[] {
    const attached = this.#interfaces.filter(({ up }) => up).map(({ address }) => address);
    return this.spec.publicAddress === undefined ? attached : [this.spec.publicAddress, ...attached];
  }

  changed(): void {
    this.context.changed(this);
    for (const check of [...this.#checks]) check();
  }

  /**
   * Waits until `found` gives something, looking after each change of the machine.
   * Undefined after `ms` of the sandbox's time, but never before half a minute of real time.
   * @throws PowerLost
   */
  async until<T>(found: () => T | undefined, ms: number): Promise<T | undefined> {
    const now = found();
    if (now !== undefined) return now;
    return await new Promise<T | undefined>((resolve, reject) => {
      const end = (): void => {
        this.#checks.delete(check);
        this.#downListeners.delete(lost);
        cancel();
      };
      const check = (): void => {
        const value = found();
        if (value === undefined) return;
        end();
        resolve(value);
      };
      const lost = (): void => {
        end();
        reject(new PowerLost());
      };
      const cancel = this.after(this.patience(ms), () => {
        end();
        resolve(undefined);
      });
      this.#checks.add(check);
      this.#downListeners.add(lost);
    });
  }

  /** A waiter's milliseconds: with a tiny time scale a deadline must still leave the computer time to work. */
  patience(ms: number): number {
    const scale = this.context.profile().timeScale;
    return scale > 0 ? Math.max(ms, leastPatienceMs / scale) : ms;
  }

  powerOn(): void {
    if (this.#power !== 'off') return;
    this.bootId = uuid(this.context.random);
    this.#setPower('booting');
    this.#boot();
  }

  /** Pulls the plug. */
  powerOff(): void {
    if (this.#power === 'off') return;
    this.#down('lost');
  }

  /** Stops the units, then the machine, some time from now. */
  shutdown(): void {
    this.#halt('stopping');
  }

  reboot(): void {
    if (this.#power === 'off') this.powerOn();
    else this.#halt('restarting');
  }

  attach(networkId: number, address: string): void {
    if (this.#interfaces.some((known) => known.networkId === networkId)) return;
    const name = `enp${7 + this.#interfaces.length}s0`;
    this.#interfaces.push({ name, networkId, address, up: false });
    if (this.up) this.#raiseInterfaces();
    this.changed();
  }

  detach(networkId: number): void {
    this.#interfaces = this.#interfaces.filter((known) => known.networkId !== networkId);
    this.changed();
  }

  /** Runs `work` later unless the power goes before. */
  after(ms: number, work: () => void): () => void {
    const cancel = this.context.clock.after(ms, () => {
      this.#pending.delete(cancel);
      work();
    });
    this.#pending.add(cancel);
    return () => {
      cancel();
      this.#pending.delete(cancel);
    };
  }

  /** @throws PowerLost when the machine goes down before. */
  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const lost = (): void => reject(new PowerLost());
      this.#downListeners.add(lost);
      this.after(ms, () => {
        this.#downListeners.delete(lost);
        resolve();
      });
    });
  }

  /** Told each time the machine loses its power. The returned function ends that. */
  onDown(listener: () => void): () => void {
    this.#downListeners.add(listener);
    return () => this.#downListeners.delete(listener);
  }

  defineUnit(name: UnitName, text: string): void {
    this.files.install(`/etc/systemd/system/${name}.service`, text, { mode: 0o644 });
    this.units.define(name);
    this.changed();
  }

  removeUnit(name: UnitName): void {
    this.stopUnit(name);
    const path = `/etc/systemd/system/${name}.service`;
    if (this.files.exists(path)) this.files.remove(path);
  }

  enableUnit(name: UnitName, enabled: boolean): void {
    this.units.set(name, { enabled });
    this.changed();
  }

  /** `systemctl start --no-block`. */
  startUnit(name: UnitName): void {
    const unit = this.units.get(name);
    if (!unit || unit.state === 'active' || unit.state === 'activating') return;
    this.units.set(name, { state: 'activating', restarts: 0 });
    this.journal(name, `Starting ${name}.service - Lightweight Kubernetes...`);
    this.context.behaviour.started(this, name);
    this.changed();
  }

  stopUnit(name: UnitName): void {
    const unit = this.units.get(name);
    if (!unit || unit.state === 'inactive') return;
    this.units.set(name, { state: 'inactive' });
    this.journal(name, `Stopped ${name}.service - Lightweight Kubernetes.`);
    this.context.behaviour.stopped(this, name, 'asked');
    this.changed();
  }

  /** What k3s tells systemd. `crashed`: it exited and is started again some seconds later. */
  unitIs(name: UnitName, state: 'active' | 'crashed'): void {
    const restarts = (this.units.get(name)?.restarts ?? 0) + (state === 'crashed' ? 1 : 0);
    this.units.set(name, { state: state === 'active' ? 'active' : 'activating', restarts });
    this.changed();
  }

  journal(unit: UnitName, text: string): void {
    this.units.log(unit, this.context.clock.now(), text);
    this.changed();
  }

  snapshot(): MachineSnapshot {
    return {
      spec: this.spec,
      files: this.files.snapshot(),
      units: this.units.snapshot(),
      users: [...this.users],
      interfaces: this.#interfaces,
      hostname: this.#hostname,
      power: this.#power,
      bootId: this.bootId,
      bootedAt: this.bootedAt,
      cloudInit: this.#cloudInit,
      cloudInitErrors: this.#cloudInitErrors,
      neverBoots: this.neverBoots,
      badDownloads: this.badDownloads,
      diskFull: this.files.full,
    };
  }

  /** State only; `resume` sets it going again. */
  restore(state: MachineSnapshot): void {
    this.files.restore(state.files);
    this.files.full = state.diskFull;
    this.units.restore(state.units);
    for (const [name, user] of state.users) this.users.set(name, user);
    this.#interfaces = state.interfaces.map((known) => ({ ...known }));
    this.#hostname = state.hostname;
    this.#power = state.power;
    this.bootId = state.bootId;
    this.bootedAt = state.bootedAt;
    this.#cloudInit = state.cloudInit;
    this.#cloudInitErrors = state.cloudInitErrors;
    this.neverBoots = state.neverBoots;
    this.badDownloads = state.badDownloads;
  }

  /** Goes on where the sandbox was stopped: a stage that had begun begins again. */
  resume(): void {
    if (this.#power === 'booting') this.#boot();
    if (this.#power === 'stopping' || this.#power === 'restarting') this.#halt(this.#power);
    if (this.#power !== 'running') return;
    this.#raiseInterfaces();
    if (this.#cloudInit === 'running') this.#finishCloudInit();
  }

  #boot(): void {
    if (this.#cloudInit === 'not run') this.#applyUserData();
    if (!this.neverBoots) this.after(this.context.profile().bootMs, () => this.#booted());
  }

  #booted(): void {
    this.bootedAt = this.context.clock.now();
    this.#setPower('running');
    this.#raiseInterfaces();
    if (this.#cloudInit === 'running') this.#finishCloudInit();
    for (const unit of this.units.enabled()) this.startUnit(unit);
  }

  #halt(how: 'stopping' | 'restarting'): void {
    if (this.#power === 'off') return;
    this.#setPower(how);
    this.after(shutdownMs, () => {
      this.#down('asked');
      if (how === 'restarting') this.powerOn();
    });
  }

  #down(how: 'asked' | 'lost'): void {
    this.#setPower('off');
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
    for (const listener of [...this.#downListeners]) listener();
    for (const known of this.#interfaces) known.up = false;
    for (const unit of ['k3s', 'k3s-agent'] as const) {
      const state = this.units.get(unit)?.state;
      if (state === undefined) continue;
      this.units.set(unit, { state: 'inactive' });
      if (state !== 'inactive') this.context.behaviour.stopped(this, unit, how);
    }
    this.changed();
  }

  #setPower(power: Power): void {
    this.#power = power;
    this.changed();
  }

  #raiseInterfaces(): void {
    if (this.#interfaces.every(({ up }) => up)) return;
    this.after(interfaceMs, () => {
      for (const known of this.#interfaces) known.up = true;
      this.changed();
    });
  }

  /** cloud-init's stages before sshd: users, keys, files. */
  #applyUserData(): void {
    const config = parseCloudConfig(this.spec.userData);
    this.#cloudInit = 'running';
    this.#hostname = config.hostname ?? this.spec.name;
    this.files.install('/etc/hostname', `${this.#hostname}\n`);
    const key = config.hostKey ?? generateHostKey(this.#hostname);
    this.files.install('/etc/ssh/ssh_host_ed25519_key', key.privateKey, { mode: 0o600 });
    this.files.install('/etc/ssh/ssh_host_ed25519_key.pub', `${key.publicKey}\n`);
    this.#authorize('root', [...this.spec.sshKeys, ...config.rootKeys]);
    for (const user of config.users) {
      this.users.set(user.name, { sudo: user.sudo });
      this.#authorize(user.name, user.keys);
    }
    for (const file of config.files) this.files.install(file.path, file.content, file);
    this.#cloudInitErrors = config.problems;
  }

  #authorize(user: string, keys: readonly string[]): void {
    const home = user === 'root' ? '/root' : `/home/${user}`;
    this.files.mkdirs('/home');
    if (!this.files.exists(home)) this.files.mkdir(home, { mode: 0o700, owner: user });
    if (!this.files.exists(`${home}/.ssh`)) this.files.mkdir(`${home}/.ssh`, { mode: 0o700, owner: user });
    this.files.write(`${home}/.ssh/authorized_keys`, keys.map((key) => `${key.trim()}\n`).join(''), {
      mode: 0o600,
      owner: user,
    });
  }

  #finishCloudInit(): void {
    this.after(this.context.profile().cloudInitMs, () => {
      this.#cloudInit = this.#cloudInitErrors.length > 0 ? 'error' : 'done';
      this.files.install('/var/lib/cloud/instance/boot-finished', '');
      this.changed();
    });
  }
}

function uuid(random: Random): string {
  const hex = random.bytes(16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}
