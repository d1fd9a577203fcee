import type { Random } from '../random.js';
import type { MachineSpec } from '../types.js';
import { FileSystem } from './file-system.js';
import { applyUserData, setUpBareHost } from './first-boot.js';
import { writeFirstFiles } from './first-files.js';
import { type HostTraits, traitsWith } from './host-traits.js';
import { MachineTimers } from './machine-timers.js';
import type { CloudInit, MachineContext, MachineSnapshot, NetworkInterface, Power } from './machine-types.js';
import { Units, type UnitName } from './units.js';

export type { EtcdState, MachineContext, MachineSnapshot, UnitBehaviour } from './machine-types.js';

/** Milliseconds after an attach until the kernel shows the interface; the cloud is not prompt. */
const interfaceMs = 1_500;
const shutdownMs = 1_000;

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
  /** Of a bare host only. */
  #traits: HostTraits | undefined;
  #cutOff = false;
  #hangs = false;
  readonly #timers: MachineTimers;

  constructor(
    readonly spec: MachineSpec,
    readonly context: MachineContext<Machine>,
  ) {
    this.#hostname = spec.name;
    const now = (): number => Math.floor(context.clock.now() / 1000);
    this.#timers = new MachineTimers(context.clock, () => context.profile().timeScale);
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
    if (this.#traits?.cloudInitFailed) return { status: 'error', errors: ['DataSourceNone'] };
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
    this.#timers.look();
  }

  /** What is particular about a bare host; undefined for a cloud's machine. */
  get traits(): HostTraits | undefined {
    return this.#traits;
  }

  /** Runs, and nobody reaches it. */
  get isCutOff(): boolean {
    return this.#cutOff;
  }

  /** Its own clock, milliseconds since 1970. */
  get clock(): number {
    return this.context.clock.now() + (this.#traits?.clockSkewSeconds ?? 0) * 1000;
  }

  /** @throws UsageError code SANDBOX_HOST */
  changeTraits(changes: Readonly<Record<string, unknown>>): void {
    this.#traits = traitsWith(changes, this.#traits);
    this.files.full = false;
    this.files.fullAfter(this.#traits.diskFullAfterBytes);
    this.changed();
  }

  /** Runs, does nothing and answers nobody, until it is started anew. */
  hang(): void {
    this.#hangs = true;
    this.cutOff(true);
  }

  /** Takes the network away, or gives it back. */
  cutOff(away: boolean): void {
    if (this.#cutOff === away) return;
    this.#cutOff = away;
    this.context.behaviour.cutOff(this);
    this.changed();
  }

  /** A bare host is found running. */
  stand(traits: HostTraits): void {
    this.#traits = traits;
    const { users } = setUpBareHost(this.files, this.spec, traits.leftoverK3s);
    for (const [name, user] of users) this.users.set(name, user);
    this.files.fullAfter(traits.diskFullAfterBytes);
    this.#cloudInit = 'absent';
    this.#interfaces = [{ name: 'eth0', networkId: 0, address: this.spec.bare!.address, up: true }];
    this.bootId = uuid(this.context.random);
    this.bootedAt = this.context.clock.now();
    this.#setPower('running');
  }

  /**
   * Waits until `found` gives something, looking after each change of the machine.
   * Undefined after `ms` of the sandbox's time, but never before half a minute of real time.
   * @throws PowerLost
   */
  async until<T>(found: () => T | undefined, ms: number): Promise<T | undefined> {
    return await this.#timers.until(found, ms);
  }

  /** A waiter's milliseconds: with a tiny time scale a deadline must still leave the computer time to work. */
  patience(ms: number): number {
    return this.#timers.patience(ms);
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
    return this.#timers.after(ms, work);
  }

  /** @throws PowerLost when the machine goes down before. */
  async wait(ms: number): Promise<void> {
    await this.#timers.wait(ms);
  }

  /** Told each time the machine loses its power. The returned function ends that. */
  onDown(listener: () => void): () => void {
    return this.#timers.onDown(listener);
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
    if (!unit || unit.state === 'active' || unit.state === 'activating' || this.#isSkipped(name)) return;
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

  /** A crashed one, some seconds later, unless somebody stopped it meanwhile. */
  startUnitAgain(name: UnitName): void {
    if (this.units.get(name)?.state !== 'activating') return;
    if (this.#isSkipped(name)) this.units.set(name, { state: 'inactive' });
    else this.context.behaviour.started(this, name);
    this.changed();
  }

  /** A unit whose condition does not hold is not started, which systemd takes for success. */
  #isSkipped(name: UnitName): boolean {
    const file = `/etc/systemd/system/${name}.service`;
    const text = this.files.exists(file) ? this.files.text(file) : '';
    const [condition, path] = /^ConditionPathExists=!(.+)$/m.exec(text) ?? [];
    if (path === undefined || !this.files.exists(path)) return false;
    this.journal(
      name,
      `${name}.service - Lightweight Kubernetes was skipped because of an unmet condition check (${condition}).`,
    );
    return true;
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
      traits: this.#traits,
      isCutOff: this.#cutOff,
      hangs: this.#hangs,
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
    this.#traits = state.traits && traitsWith({ ...state.traits });
    this.#cutOff = state.isCutOff ?? false;
    this.#hangs = state.hangs ?? false;
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
    if (this.#cloudInit === 'not run') this.#firstBoot();
    if (!this.neverBoots) this.after(this.context.profile().bootMs, () => this.#booted());
  }

  #booted(): void {
    this.bootedAt = this.context.clock.now();
    if (this.#traits) this.#traits = { ...this.#traits, waitsForReboot: undefined };
    if (this.#hangs) this.cutOff(false);
    this.#hangs = false;
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
    this.#timers.lost();
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

  #firstBoot(): void {
    const { hostname, users, problems } = applyUserData(this.files, this.spec);
    this.#cloudInit = 'running';
    this.#hostname = hostname;
    for (const [name, user] of users) this.users.set(name, user);
    this.#cloudInitErrors = problems;
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
