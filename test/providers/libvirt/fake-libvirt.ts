import { readFileSync, writeFileSync } from 'node:fs';

import { XMLBuilder, XMLParser } from 'fast-xml-parser';

import type { Virsh } from '../../../providers/libvirt/virsh.js';
import type { CommandResult } from '../../../src/remote/types.js';

interface FakeDomain {
  readonly name: string;
  readonly uuid: string;
  /** As libvirt gives it back. */
  xml: string;
  kind: string;
  memoryMiB: number;
  networks: string[];
  bridges: string[];
  volumes: string[];
  address: string | undefined;
  running: boolean;
  autostart: boolean;
  console: string;
}

interface FakeNetwork {
  readonly uuid: string;
  readonly xml: string;
  readonly address: string;
  active: boolean;
}

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false });
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });

class Refusal extends Error {}

type Attributes = Readonly<Record<string, string | undefined>>;
interface Source {
  readonly source: Attributes;
}
interface DomainTree {
  readonly '@type': string;
  readonly name: string;
  readonly uuid: string;
  readonly memory: { readonly '#text': string };
  readonly metadata?: { readonly 'slipway:machine'?: Attributes };
  readonly devices?: { readonly disk?: Source | Source[]; readonly interface?: Source | Source[] };
}
const sourcesOf = (value: Source | Source[] | undefined): Attributes[] =>
  [value ?? []].flat().map(({ source }) => source);

/**
 * A libvirt daemon of which only this process knows, spoken to as `virsh` is: its words are those of libvirt 9.0, and what
 * it refuses libvirt refuses. `test/e2e` holds a real one to the same promises.
 */
export class FakeLibvirt {
  readonly domains = new Map<string, FakeDomain>();
  readonly networks = new Map<string, FakeNetwork>();
  readonly volumes = new Map<string, { content: Buffer; capacity: number }>();
  /** Calls so far, by their first word. */
  readonly calls: string[] = [];
  memoryMiB = 1024 * 1024;
  cpus = 64;
  arch = 'x86_64';
  offersKvm = true;
  freeBytes = 20e12;
  poolIsThere = true;
  poolIsActive = true;
  bridges = ['br0'];
  /** Says nothing by KVM. */
  kvmIsSilent = false;
  /** Nothing answers at the port of SSH, and the console says this. */
  bootsTo: string | undefined;
  #faults: { command: string; when: 'before' | 'after'; result: CommandResult | Error }[] = [];

  /** The next such call fails, before or after its work. */
  failNext(command: string, result: CommandResult | Error, when: 'before' | 'after' = 'before'): void {
    this.#faults.push({ command, when, result });
  }

  readonly virsh: Virsh = async (args, { signal }, { input, output } = {}) => {
    await Promise.resolve();
    signal.throwIfAborted();
    const [command = ''] = args;
    this.calls.push(command);
    const before = this.#fault(command, 'before');
    if (before) return thrown(before);
    let result: CommandResult;
    try {
      const content =
        input === undefined || Buffer.isBuffer(input)
          ? input
          : typeof input === 'string'
            ? Buffer.from(input)
            : readFileSync(input.file);
      const stdout = this.#run(args, content);
      if (output !== undefined) writeFileSync(output, stdout);
      result = { code: 0, stdout: output === undefined ? stdout : '', stderr: '' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      result = {
        code: 1,
        stdout: '',
        stderr: `${error.message
          .split('\n')
          .map((line) => `error: ${line}`)
          .join('\n')}\n`,
      };
    }
    const after = this.#fault(command, 'after');
    return after ? thrown(after) : result;
  };

  /** Whether the machine with that address answers. */
  answers(address: string): boolean {
    return (
      this.bootsTo === undefined && this.#runningAt(address).some((one) => !(one.kind === 'kvm' && this.kvmIsSilent))
    );
  }

  #runningAt(address: string): FakeDomain[] {
    return [...this.domains.values()].filter((one) => one.running && one.address === address);
  }

  #fault(command: string, when: 'before' | 'after'): CommandResult | Error | undefined {
    const index = this.#faults.findIndex((one) => one.command === command && one.when === when);
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]!.result;
  }

  #run(args: readonly string[], input: Buffer | undefined): string {
    const [command = '', ...rest] = args;
    const words = rest.filter(
      (word, index) => !word.startsWith('--') && !/^--(input)?pool$/.test(rest[index - 1] ?? ''),
    );
    const [first = ''] = words;
    const pool = args.includes('--pool') ? args[args.indexOf('--pool') + 1]! : first;
    const text = (): string => input!.toString();
    switch (command) {
      case 'capabilities':
        return this.#capabilities();
      case 'list':
        return lines([...this.domains.values()].map((one) => (args.includes('--uuid') ? one.uuid : one.name)));
      case 'dumpxml':
        return this.#domain(first).xml;
      case 'domstate':
        return `${this.#domain(first).running ? 'running' : 'shut off'}\n\n`;
      case 'define':
        return this.#define(text());
      case 'start':
        return this.#start(this.#domain(first));
      case 'destroy':
      case 'reset': {
        const domain = this.#domain(first);
        if (!domain.running)
          fail(
            `Failed to ${command} domain '${domain.name}'`,
            'Requested operation is not valid: domain is not running',
          );
        domain.running = command === 'reset';
        return '';
      }
      case 'undefine':
        this.domains.delete(this.#domain(first).uuid);
        return '';
      case 'metadata':
        return this.#metadata(this.#domain(first), args);
      case 'autostart':
        this.#domain(first).autostart = !args.includes('--disable');
        return '';
      case 'pool-dumpxml':
        this.#pool(pool, 'any');
        return `<pool type='dir'><name>${pool}</name><available unit='bytes'>${this.freeBytes}</available><target><path>/pool</path></target></pool>`;
      case 'pool-refresh':
        this.#pool(pool);
        this.keepConsoles();
        return '';
      default:
        return command.startsWith('vol-')
          ? this.#volume(command, pool, words, input)
          : this.#network(command, first, args, input);
    }
  }

  #capabilities(): string {
    const kvm = this.offersKvm ? "<domain type='kvm'/>" : '';
    return `<capabilities><host><cpu><arch>${this.arch}</arch></cpu><topology><cells num='1'><cell id='0'><memory unit='KiB'>${this.memoryMiB * 1024}</memory><cpus num='${this.cpus}'/></cell></cells></topology></host><guest><os_type>hvm</os_type><arch name='${this.arch}'><wordsize>64</wordsize><domain type='qemu'/>${kvm}</arch></guest></capabilities>`;
  }

  #domain(nameOrId: string): FakeDomain {
    const found = [...this.domains.values()].find((one) => one.uuid === nameOrId || one.name === nameOrId);
    return found ?? fail(`failed to get domain '${nameOrId}'`);
  }

  #define(xml: string): string {
    const { domain } = parser.parse(xml) as { domain: DomainTree };
    const { name, uuid, devices } = domain;
    const before = [...this.domains.values()].find((one) => one.name === name || one.uuid === uuid);
    if (before && (before.uuid !== uuid || before.name !== name)) {
      const why = `operation failed: domain '${before.name}' already exists with uuid ${before.uuid}`;
      fail('Failed to define domain from /dev/stdin', why);
    }
    const [disks, nics] = [sourcesOf(devices?.disk), sourcesOf(devices?.interface)];
    // libvirt counts memory in KiB and adds what it was not told.
    const memoryMiB = Number(domain.memory['#text']);
    const memory = { '@unit': 'KiB', '#text': memoryMiB * 1024 };
    const more = { on_poweroff: 'destroy', devices: { emulator: '/usr/bin/qemu-system-x86_64', ...devices } };
    this.domains.set(uuid, {
      ...{ name, uuid, memoryMiB, kind: domain['@type'] },
      xml: builder.build({ domain: { ...domain, memory, ...more } }),
      volumes: disks.flatMap((source) => source['@volume'] ?? []),
      networks: nics.flatMap((source) => source['@network'] ?? []),
      bridges: nics.flatMap((source) => source['@bridge'] ?? []),
      address: domain.metadata?.['slipway:machine']?.['@address'],
      running: before?.running ?? false,
      autostart: before?.autostart ?? false,
      console: before?.console ?? '',
    });
    return '';
  }

  /** Of one that runs there are two definitions, and what is shown is the one it runs by. */
  #metadata(domain: FakeDomain, args: readonly string[]): string {
    const [uri, key, xml] = ['--uri', '--key', '--set'].map((flag) => args[args.indexOf(flag) + 1]!);
    const isLive = args.includes('--live');
    if (isLive && !domain.running)
      fail('Unable to modify metadata', 'Requested operation is not valid: domain is not running');
    if (domain.running && !isLive) return '';
    const tree = parser.parse(domain.xml) as { domain: object };
    const [[tag, inner] = []] = Object.entries(parser.parse(xml!) as Record<string, object>);
    const element = { [`@xmlns:${key}`]: uri, ...inNamespace(inner!, key!) };
    domain.xml = builder.build({ domain: { ...tree.domain, metadata: { [`${key}:${tag}`]: element } } });
    return '';
  }

  #start(domain: FakeDomain): string {
    const refuse = (why: string): never => fail(`Failed to start domain '${domain.name}'`, why);
    if (domain.running) refuse('Requested operation is not valid: domain is already running');
    for (const volume of domain.volumes)
      if (!this.volumes.has(volume)) refuse(`Storage volume not found: no storage vol with matching name '${volume}'`);
    for (const network of domain.networks)
      if (!this.networks.get(network)?.active)
        refuse(`Requested operation is not valid: network '${network}' is not active`);
    for (const bridge of domain.bridges)
      if (!this.bridges.includes(bridge)) refuse(`Cannot get interface MTU on '${bridge}': No such device`);
    const used = [...this.domains.values()].reduce((sum, one) => sum + (one.running ? one.memoryMiB : 0), 0);
    if (used + domain.memoryMiB > this.memoryMiB)
      refuse(
        "internal error: process exited while connecting to monitor: cannot set up guest memory 'pc.ram': Cannot allocate memory",
      );
    domain.running = true;
    if (!(domain.kind === 'kvm' && this.kvmIsSilent)) domain.console += this.bootsTo ?? 'Linux version 6.1\r\nlogin: ';
    return '';
  }

  #pool(name: string, state: 'active' | 'any' = 'active'): void {
    if (!this.poolIsThere)
      fail(`failed to get pool '${name}'`, `Storage pool not found: no storage pool with matching name '${name}'`);
    if (state === 'active' && !this.poolIsActive)
      fail('Failed to refresh pool', `Requested operation is not valid: storage pool '${name}' is not active`);
  }

  /** What machines write beside their disks is known once the pool is looked at again. */
  keepConsoles(): void {
    for (const { xml, console: said } of this.domains.values()) {
      const { domain } = parser.parse(xml) as { domain: { devices?: { serial?: { log?: { '@file': string } } } } };
      const file = domain.devices?.serial?.log?.['@file'];
      if (file && said !== '')
        this.volumes.set(file.replace('/pool/', ''), { content: Buffer.from(said), capacity: said.length });
    }
  }

  #volume(command: string, pool: string, words: readonly string[], input: Buffer | undefined): string {
    this.#pool(pool);
    if (command === 'vol-list') return lines([...this.volumes.keys()].map((name) => ` ${name}   /pool/${name}`));
    if (command === 'vol-create') {
      const { volume } = parser.parse(input!.toString()) as {
        volume: { name: string; capacity: { '#text': string }; backingStore?: { path: string } };
      };
      if (this.volumes.has(volume.name))
        fail('Failed to create vol from /dev/stdin', `storage volume '${volume.name}' exists already`);
      const backing = volume.backingStore?.path.replace('/pool/', '');
      if (backing !== undefined && !this.volumes.has(backing))
        fail('Failed to create vol from /dev/stdin', 'Storage volume not found');
      this.volumes.set(volume.name, { content: Buffer.alloc(0), capacity: Number(volume.capacity['#text']) });
      return '';
    }
    if (command === 'vol-create-from') {
      const { volume } = parser.parse(input!.toString()) as { volume: { name: string } };
      return this.#copy(words[2]!, volume.name);
    }
    if (command === 'vol-clone') return this.#copy(words[0]!, words[1]!);
    const [name = ''] = words;
    const found =
      this.volumes.get(name) ??
      fail(`failed to get vol '${name}'`, `Storage volume not found: no storage vol with matching path '${name}'`);
    if (command === 'vol-path') return `/pool/${name}\n`;
    if (command === 'vol-dumpxml')
      return `<volume type='file'><name>${name}</name><capacity unit='bytes'>${found.capacity}</capacity><allocation unit='bytes'>${found.content.length}</allocation></volume>`;
    if (command === 'vol-delete') this.volumes.delete(name);
    if (command === 'vol-upload') found.content = input!;
    return command === 'vol-download' ? `${found.content.toString()}\n` : '';
  }

  #copy(from: string, to: string): string {
    const source = this.volumes.get(from);
    if (!source)
      return fail(
        `failed to get vol '${from}'`,
        `Storage volume not found: no storage vol with matching path '${from}'`,
      );
    if (this.volumes.has(to)) fail(`Failed to create vol ${to}`, `storage volume name '${to}' already in use.`);
    this.volumes.set(to, { ...source });
    return '';
  }

  #network(command: string, name: string, args: readonly string[], input: Buffer | undefined): string {
    if (command === 'net-list')
      return lines([...this.networks].flatMap(([one, { active }]) => (active || args.includes('--all') ? [one] : [])));
    if (command === 'net-define') {
      const { network } = parser.parse(input!.toString()) as {
        network: { name: string; uuid: string; ip: { '@address': string } };
      };
      const before = this.networks.get(network.name);
      if (before && before.uuid !== network.uuid)
        fail(
          'Failed to define network from /dev/stdin',
          `operation failed: network '${network.name}' already exists with uuid ${before.uuid}`,
        );
      const { uuid, ip } = network;
      this.networks.set(network.name, {
        uuid,
        xml: input!.toString(),
        address: ip['@address'],
        active: before?.active ?? false,
      });
      return '';
    }
    const found =
      this.networks.get(name) ??
      fail(`failed to get network '${name}'`, `Network not found: no network with matching name '${name}'`);
    switch (command) {
      case 'net-dumpxml':
        return found.xml;
      case 'net-autostart':
        return '';
      case 'net-start':
        if (found.active)
          fail(`Failed to start network ${name}`, 'Requested operation is not valid: network is already active');
        if ([...this.networks.values()].some((one) => one.active && one.address === found.address))
          fail(`Failed to start network ${name}`, 'internal error: Network is already in use by interface virbr0');
        found.active = true;
        return '';
      case 'net-destroy':
        if (!found.active)
          fail(
            `Failed to destroy network ${name}`,
            `Requested operation is not valid: network '${name}' is not active`,
          );
        found.active = false;
        return '';
      case 'net-undefine':
        this.networks.delete(name);
        return '';
      default:
        throw new Error(`no test knows virsh ${command}`);
    }
  }
}

const inNamespace = (tree: object, key: string): object =>
  Object.fromEntries(
    Object.entries(tree).map(([name, value]) => (name.startsWith('@') ? [name, value] : [`${key}:${name}`, value])),
  );

const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join('');

function fail(...said: string[]): never {
  throw new Refusal(said.join('\n'));
}

function thrown(result: CommandResult | Error): CommandResult {
  if (result instanceof Error) throw result;
  return result;
}
