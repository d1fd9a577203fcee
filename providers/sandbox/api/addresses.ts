import ipaddr from 'ipaddr.js';

import { ApiError } from './errors.js';

const toNumber = (address: string): number =>
  ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** First and last address of an IPv4 range. @throws ApiError 422 */
export function bounds(range: string): { first: number; last: number; bits: number } {
  const [address = '', length = ''] = range.split('/');
  const bits = Number(length);
  if (
    !ipaddr.IPv4.isValidFourPartDecimal(address) ||
    !Number.isInteger(bits) ||
    bits < 0 ||
    bits > 32 ||
    length === ''
  ) {
    throw new ApiError(422, 'invalid_input', `invalid IP range ${range}`, {
      fields: [{ name: 'ip_range', messages: ['invalid IP range'] }],
    });
  }
  const size = 2 ** (32 - bits);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1, bits };
}

export const isPrivate = (range: string): boolean => {
  const { first } = bounds(range);
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].some((block) => {
    const whole = bounds(block);
    return first >= whole.first && bounds(range).last <= whole.last;
  });
};

export const within = (inner: string, outer: string): boolean =>
  bounds(inner).first >= bounds(outer).first && bounds(inner).last <= bounds(outer).last;

export const overlap = (a: string, b: string): boolean =>
  bounds(a).first <= bounds(b).last && bounds(b).first <= bounds(a).last;

/** The gateway: the first usable address. */
export const gatewayOf = (range: string): string => toText(bounds(range).first + 1);

/** The first free address of a subnet; network, gateway and broadcast are never given. */
export function freeAddress(subnet: string, used: ReadonlySet<string>): string | undefined {
  const { first, last } = bounds(subnet);
  for (let value = first + 2; value < last; value += 1) {
    const address = toText(value);
    if (!used.has(address) && address !== '172.31.1.1') return address;
  }
  return undefined;
}

/** Public addresses from the range kept for benchmarks, in order; one is never given twice. @param index from 0 */
export function publicV4(index: number): string {
  return toText(bounds('198.18.0.0/15').first + 10 + index);
}

/** A /64 from the range kept for documentation. */
export function publicV6(index: number): string {
  return `2001:db8:${Math.floor(index / 65_536).toString(16)}:${(index % 65_536).toString(16)}::/64`;
}

/** Whether an address lies in a range; other families and nonsense do not. */
export function contains(range: string, address: string): boolean {
  try {
    const parsed = ipaddr.process(address);
    const [base, bits] = ipaddr.parseCIDR(range);
    return parsed.kind() === base.kind() && parsed.match(base, bits);
  } catch {
    return false;
  }
}
