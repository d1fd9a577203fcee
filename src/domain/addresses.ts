import ipaddr from 'ipaddr.js';

/** Whether an address lies in a CIDR range. A family mismatch or an unreadable value is "no". */
export function inRange(address: string, range: string): boolean {
  try {
    const parsed = ipaddr.process(address);
    const [network, bits] = ipaddr.parseCIDR(range);
    return parsed.kind() === network.kind() && parsed.match(network, bits);
  } catch {
    return false;
  }
}

/** Whether all of `inner` lies in `outer`; both CIDRs. */
export function rangeWithin(inner: string, outer: string): boolean {
  const bits = (range: string): number => Number(range.split('/')[1]);
  return bits(inner) >= bits(outer) && inRange(inner.split('/')[0]!, outer);
}

/** `self` replaced by the address this command runs from; each range once, sorted for comparison. */
export function resolveSelf(allow: readonly string[], self: string | undefined): string[] {
  const ranges = allow.flatMap((range) => (range === 'self' ? (self === undefined ? [] : [self]) : [range]));
  return [...new Set(ranges)].sort();
}
