// node test/bench/components.mjs: renders the full baseline for 100 tenants' clusters; one line of JSON. Needs a build.
import { performance } from 'node:perf_hooks';

const begin = performance.now();
const { readCatalogue, renderComponents, renderedFiles, secretNeeds, selectionOf } =
  await import('../../build/src/components/index.js');
const { clusterSchema } = await import('../../build/src/config/cluster-schema.js');

const tenants = 100;
const provider = {
  name: 'hetzner',
  required: ['hcloud-cloud-controller-manager'],
  baseline: ['hcloud-csi'],
  serviceLoadBalancer: 'provider',
  storageClass: 'hcloud-volumes',
  values: { network: 'slipway', location: 'fsn1' },
};
const loaded = performance.now();
const catalogue = await readCatalogue();
const read = performance.now();
let components = 0;
let bytes = 0;
for (let tenant = 0; tenant < tenants; tenant += 1) {
  const name = `tenant-${tenant}`;
  const spec = clusterSchema.parse({
    name,
    provider: { name: 'hetzner', locations: ['fsn1'] },
    controlPlane: { count: 3 },
    pools: [{ name: 'web', count: 3 }],
    components: {
      'cert-manager': { email: `ops@${name}.dev`, domains: [`${name}.dev`], dns: { provider: 'cloudflare' } },
      'external-dns': { domains: [`${name}.dev`], dns: { provider: 'cloudflare' } },
      nats: {},
    },
  });
  const selection = selectionOf(catalogue, { components: spec.components, pools: spec.pools, provider });
  const input = { cluster: { name, id: `id${tenant}` }, spec, provider };
  const rendered = renderComponents(selection, input);
  components += rendered.length;
  for (const text of renderedFiles(rendered, secretNeeds(selection, input)).values()) bytes += text.length;
}
const end = performance.now();
console.log(
  JSON.stringify({
    tenants,
    components,
    mebibytes: Number((bytes / 2 ** 20).toFixed(1)),
    loadMs: Math.round(loaded - begin),
    readMs: Math.round(read - loaded),
    renderMs: Math.round(end - read),
    totalMs: Math.round(end - begin),
    cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000),
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
