import type { ChartDefinition, RetoldChart } from '../types.js';
import { certManager, dnsimpleSolver, externalDns, hetznerSolver } from './certificates.js';
import { hcloudController, hcloudCsi, linodeController, linodeCsi } from './clouds.js';
import { barmanCloud, cloudNativePg, flux, nats } from './data.js';
import { alloy, kubePrometheusStack, loki, prometheusCrds } from './observability.js';
import { chartPins } from './pins.js';
import { traefik } from './traefik.js';

const retold: readonly RetoldChart[] = [
  hcloudController,
  hcloudCsi,
  linodeController,
  linodeCsi,
  prometheusCrds,
  traefik,
  certManager,
  hetznerSolver,
  dnsimpleSolver,
  externalDns,
  cloudNativePg,
  barmanCloud,
  nats,
  kubePrometheusStack,
  loki,
  alloy,
  flux,
];

let known: readonly ChartDefinition[] | undefined;

/** Every chart there is in the simulated world, where and in the version that the program's components have it. */
export function charts(): readonly ChartDefinition[] {
  if (known) return known;
  const pins = chartPins();
  return (known = retold.map((chart) => {
    const pin = chart.pin ?? pins.get(chart.name);
    if (!pin) throw new Error(`no component uses the chart ${chart.name}, and nothing else says where it is`);
    return { ...chart, sources: [pin.source, ...(chart.mirrors ?? [])], version: pin.version };
  }));
}
