import type { ChartDefinition } from '../types.js';
import { certManager, dnsimpleSolver, externalDns, hetznerSolver } from './certificates.js';
import { hcloudController, hcloudCsi, linodeController, linodeCsi } from './clouds.js';
import { barmanCloud, cloudNativePg, flux, nats } from './data.js';
import { alloy, kubePrometheusStack, loki, prometheusCrds } from './observability.js';
import { traefik } from './traefik.js';

/** Every chart there is in the simulated world. */
export const charts: readonly ChartDefinition[] = [
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
