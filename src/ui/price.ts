import type { Price, PriceChange } from '../domain/cost.js';
import { plural } from '../domain/plural.js';

/** What a cluster costs a month now and then, with its parts. */
export function priceText({ now, then, difference, currency }: PriceChange & { readonly currency: string }): string {
  const sign = difference > 0 ? '+' : '';
  return [
    `The whole cluster: about ${then.total.toFixed(2)} ${currency} a month, net (now ${now.total.toFixed(2)}, ${sign}${difference.toFixed(2)}).`,
    `  ${partsOf(then)}`,
  ].join('\n');
}

function partsOf({ machines, controlPlane = 0, loadBalancers, addresses, volumes, unknown }: Price): string {
  const parts = [
    ['machines', machines],
    ['control plane', controlPlane],
    ['load balancers', loadBalancers],
    ['IPv4 addresses', addresses],
    ['volumes', volumes],
  ] as const;
  const text = parts.flatMap(([name, amount]) => (amount === 0 ? [] : [`${name} ${amount.toFixed(2)}`])).join(', ');
  return unknown === 0 ? text : `${text}; without ${plural(unknown, 'machine')} whose price is not known`;
}
