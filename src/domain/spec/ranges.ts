import ipaddr from 'ipaddr.js';

/** An address range with its borders as numbers, so that ranges can be compared. */
export interface AddressRange {
  readonly text: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
  /** The address as written; differs from `first` when bits behind the prefix are set. */
  readonly address: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(\\.${octet}){3}/(3[0-2]|[12]?[0-9])`;

/** No leading zeros: some programs read them as octal. */
export const ipv4RangePattern = new RegExp(`^${ipv4}$`);
export const rangePattern = new RegExp(`^(${ipv4}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`);

/** Undefined when the text is no range in CIDR form. Bits behind the prefix are cut off. */
export function parseRange(text: string): AddressRange | undefined {
  if (!rangePattern.test(text) || !ipaddr.isValidCIDR(text)) return undefined;
  const [address, prefix] = ipaddr.parseCIDR(text);
  const bytes = address.toByteArray();
  const rest = BigInt(bytes.length * 8 - prefix);
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const first = (value >> rest) << rest;
  return { text, family: address.kind(), prefix, address: value, first, last: first + (1n << rest) - 1n };
}

/** The range as it should have been written: `10.0.0.0/16` for `10.0.3.4/16`. Undefined when it is no range. */
export function networkOf(text: string): string | undefined {
  if (parseRange(text) === undefined) return undefined;
  const [address, prefix] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(text).toString();
  return `${network}/${prefix}`;
}

/** True when an address inside the range is written instead of its first: clouds refuse such a rule. */
export function hasHostBits(text: string): boolean {
  const range = parseRange(text);
  return range !== undefined && range.address !== range.first;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function within(inner: AddressRange, outer: AddressRange): boolean {
  return inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;
}
