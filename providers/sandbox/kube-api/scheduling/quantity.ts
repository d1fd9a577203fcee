const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity, cpu in thousandths of a core and all else in whole units, rounded up; 0 where it is none. */
export function amountOf(resource: string, quantity: unknown): number {
  const [, number, exponent, suffix] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(
      typeof quantity === 'number' || typeof quantity === 'string' ? String(quantity) : '',
    ) ?? [];
  if (number === undefined) return 0;
  const factor = exponent === undefined ? factors[suffix ?? '']! : 10 ** Number(exponent);
  const value = Number(number) * factor * (resource === 'cpu' ? 1000 : 1);
  // What floating point adds to 0.1 cores is no thousandth.
  return Math.ceil(value - 1e-6);
}
