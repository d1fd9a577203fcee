/** Net price of machines per month; structurally what a provider's catalogue and requests give. */
export interface PricedType {
  readonly name: string;
  readonly offers: readonly { readonly location: string; readonly monthly: number }[];
}

/** Sum over the first type of each machine; `unknown` counts machines whose price the catalogue does not tell. */
export function monthlyCost(
  machines: readonly { readonly types: readonly string[]; readonly location: string }[],
  types: readonly PricedType[],
): { readonly amount: number; readonly unknown: number } {
  const price = (type: string | undefined, location: string): number | undefined =>
    types.find(({ name }) => name === type)?.offers.find((offer) => offer.location === location)?.monthly;
  const prices = machines.map((machine) => price(machine.types[0], machine.location));
  const known = prices.filter((value) => value !== undefined);
  return {
    amount: Math.round(known.reduce((sum, value) => sum + value, 0) * 100) / 100,
    unknown: prices.length - known.length,
  };
}
