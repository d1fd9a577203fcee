/** Prices are decimal strings; sums are done in whole units of 10⁻¹⁰ so that none is ever off by a rounding. */
const scale = 10_000_000_000n;

const format = (units: bigint): string => `${units / scale}.${(units % scale).toString().padStart(10, '0')}`;

/** Value added tax on the answers, in per cent. */
export const vatRate = 19n;

export interface Money {
  readonly net: string;
  readonly gross: string;
}

/** From hundredths of the currency. `divisor` splits it, for hours of a month. */
export function money(cents: number, divisor = 1n): Money {
  // Hetzner gives four decimals; the rest are zeros.
  const tenThousandths = (BigInt(Math.round(cents * 100)) + divisor / 2n) / divisor;
  const net = tenThousandths * (scale / 10_000n);
  return { net: format(net), gross: format((net * (100n + vatRate)) / 100n) };
}

/** Hetzner's monthly prices are caps of this many hours. */
export const hoursOfMonth = 624n;
