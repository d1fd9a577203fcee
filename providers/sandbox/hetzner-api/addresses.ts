/** IPv4 ranges as numbers, and the rules by which the cloud gives out addresses. */

export interface Range {
  readonly base: number;
  readonly bits: number;
}

export function parseIp(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export const formatIp = (ip: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.');

/** Reads `10.0.0.0/16`; undefined also when bits behind the prefix are set. */
export function parseRange(text: string): Range | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const base = parseIp(address);
  if (base === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix)) return undefined;
  const bits = Number(prefix);
  if (bits > 32 || base % 2 ** (32 - bits) !== 0) return undefined;
  return { base, bits };
}

export const formatRange = ({ base, bits }: Range): string => `${formatIp(base)}/${bits}`;
export const sizeOf = ({ bits }: Range): number => 2 ** (32 - bits);
export const isIn = (ip: number, range: Range): boolean => ip >= range.base && ip < range.base + sizeOf(range);
export const contains = (outer: Range, inner: Range): boolean => inner.bits >= outer.bits && isIn(inner.base, outer);
export const overlaps = (a: Range, b: Range): boolean => contains(a, b) || contains(b, a);

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => parseRange(text) as Range);
export const isPrivate = (range: Range): boolean => privateRanges.some((one) => contains(one, range));

/** The gateway of a network is its first address. */
export const gatewayOf = (network: Range): string => formatIp(network.base + 1);

/** The metadata service's neighbour; Hetzner keeps it in every network. */
const keptEverywhere = 172 * 2 ** 24 + 31 * 2 ** 16 + 2 ** 8 + 1;

/** Whether an address may be a server's: not the network's first, not a subnet's own two. */
export const isAssignable = (ip: number, subnet: Range, network: Range): boolean =>
  isIn(ip, subnet) &&
  ip !== subnet.base &&
  ip !== subnet.base + sizeOf(subnet) - 1 &&
  ip !== network.base + 1 &&
  ip !== keptEverywhere;

/** The lowest address of the subnets, in their order, that nobody has. */
export function firstFree(subnets: readonly Range[], network: Range, taken: ReadonlySet<number>): number | undefined {
  for (const subnet of subnets) {
    for (let ip = subnet.base; ip < subnet.base + sizeOf(subnet); ip++) {
      if (isAssignable(ip, subnet, network) && !taken.has(ip)) return ip;
    }
  }
  return undefined;
}

/** The first /24 of the network that no subnet touches. */
export function firstFreeSubnet(network: Range, taken: readonly Range[]): Range | undefined {
  for (let base = network.base; base < network.base + sizeOf(network); base += 256) {
    const candidate = { base, bits: 24 };
    if (!taken.some((other) => overlaps(other, candidate))) return candidate;
  }
  return undefined;
}

const benchmarking = parseRange('198.18.0.0/15') as Range;

/**
 * The n-th public address, from the range kept for benchmarks, so that no packet ever reaches a real host.
 * @throws RangeError after 131,000 of them.
 */
export function publicIpv4(n: number): string {
  const ip = benchmarking.base + n;
  if (!isIn(ip, benchmarking)) throw new RangeError('the sandbox has no public address left');
  return formatIp(ip);
}

/** The n-th /64 of the range kept for documentation. */
export const publicIpv6 = (n: number): string =>
  `2001:db8:${Math.floor(n / 65_536).toString(16)}:${(n % 65_536).toString(16)}::/64`;
