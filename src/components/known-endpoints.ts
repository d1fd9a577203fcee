/** Countries of Amazon's regions, which others name theirs after too. */
const amazon: Readonly<Record<string, string>> = {
  'us-east-1': 'US',
  'us-east-2': 'US',
  'us-west-1': 'US',
  'us-west-2': 'US',
  'us-gov-east-1': 'US',
  'us-gov-west-1': 'US',
  'ca-central-1': 'CA',
  'ca-west-1': 'CA',
  'mx-central-1': 'MX',
  'sa-east-1': 'BR',
  'eu-central-1': 'DE',
  'eu-central-2': 'CH',
  'eu-west-1': 'IE',
  'eu-west-2': 'GB',
  'eu-west-3': 'FR',
  'eu-north-1': 'SE',
  'eu-south-1': 'IT',
  'eu-south-2': 'ES',
  'eusc-de-east-1': 'DE',
  'il-central-1': 'IL',
  'me-south-1': 'BH',
  'me-central-1': 'AE',
  'af-south-1': 'ZA',
  'ap-south-1': 'IN',
  'ap-south-2': 'IN',
  'ap-southeast-1': 'SG',
  'ap-southeast-2': 'AU',
  'ap-southeast-3': 'ID',
  'ap-southeast-4': 'AU',
  'ap-southeast-5': 'MY',
  'ap-southeast-6': 'NZ',
  'ap-southeast-7': 'TH',
  'ap-northeast-1': 'JP',
  'ap-northeast-2': 'KR',
  'ap-northeast-3': 'JP',
  'ap-east-1': 'HK',
  'ap-east-2': 'TW',
  'cn-north-1': 'CN',
  'cn-northwest-1': 'CN',
};

const hetzner: Readonly<Record<string, string>> = { fsn1: 'DE', nbg1: 'DE', hel1: 'FI' };
/** The older names of Linode's regions; newer ones begin with their country. */
const linode: Readonly<Record<string, string>> = {
  'us-east': 'US',
  'us-southeast': 'US',
  'eu-central': 'DE',
  'ap-south': 'SG',
};
const google: Readonly<Record<string, string>> = {
  'europe-west1': 'BE',
  'europe-west2': 'GB',
  'europe-west3': 'DE',
  'europe-west4': 'NL',
  'europe-west6': 'CH',
  'europe-west8': 'IT',
  'europe-west9': 'FR',
  'europe-west10': 'DE',
  'europe-west12': 'IT',
  'europe-north1': 'FI',
  'europe-north2': 'SE',
  'europe-central2': 'PL',
  'europe-southwest1': 'ES',
};
const ovh: Readonly<Record<string, string>> = {
  gra: 'FR',
  rbx: 'FR',
  sbg: 'FR',
  'eu-west-par': 'FR',
  de: 'DE',
  uk: 'GB',
  waw: 'PL',
  bhs: 'CA',
};
const wasabi: Readonly<Record<string, string>> = {
  'eu-central-1': 'NL',
  'eu-central-2': 'DE',
  'eu-west-1': 'GB',
  'eu-west-2': 'FR',
  'eu-west-3': 'GB',
  'eu-south-1': 'IT',
  'ca-central-1': 'CA',
};
const digitalOcean: Readonly<Record<string, string>> = {
  fra1: 'DE',
  ams3: 'NL',
  lon1: 'GB',
  nyc3: 'US',
  sfo2: 'US',
  sfo3: 'US',
  atl1: 'US',
  tor1: 'CA',
  sgp1: 'SG',
  blr1: 'IN',
  syd1: 'AU',
};
const ionos: Readonly<Record<string, string>> = {
  'eu-central-1': 'DE',
  'eu-central-2': 'DE',
  'eu-central-3': 'DE',
  'eu-south-2': 'ES',
};
const grafana: Readonly<Record<string, string>> = { 'eu-west-0': 'BE', 'us-central-0': 'US', 'us-central1': 'US' };

const byName =
  (table: Readonly<Record<string, string>>) =>
  (region: string): string | undefined =>
    table[region];
/** Regions that begin with their country: `fr-par`, `de-fra-1`, `pl-waw`. */
const byPrefix = (region: string): string | undefined => /^([a-z]{2})-[a-z]{3}/.exec(region)?.[1]?.toUpperCase();
const either =
  (...all: readonly ((region: string) => string | undefined)[]) =>
  (region: string) =>
    all.map((one) => one(region)).find((country) => country !== undefined);
const american = (region: string): string | undefined => (region.startsWith('us-') ? 'US' : undefined);

/** Hosts whose name tells their region, and what countries those are in. */
const hosts: readonly (readonly [host: RegExp, country: (region: string) => string | undefined])[] = [
  [/(?:^|\.)([a-z]{3}\d)\.your-objectstorage\.com$/, byName(hetzner)],
  [/(?:^|[.-])([a-z]{2,4}-[a-z-]+-\d)\.(?:[a-z0-9-]+\.)?amazonaws\.(?:com|eu|com\.cn)$/, byName(amazon)],
  [/(?:^|\.)([a-z]{2}-[a-z]+)-\d+\.linodeobjects\.com$/, either(byName(linode), byPrefix)],
  [/(?:^|\.)([a-z]{2}-[a-z]{3})\.scw\.cloud$/, byPrefix],
  [/(?:^|\.)([a-z-]+)\.(?:io\.)?cloud\.ovh\.(?:net|us)$/, byName(ovh)],
  [/(?:^|\.)([a-z]{2}-[a-z]+-\d)\.wasabisys\.com$/, either(byName(wasabi), american)],
  [
    /(?:^|\.)([a-z]{2}-[a-z]+)-\d{3}\.backblazeb2\.com$/,
    either(byName({ 'eu-central': 'NL', 'ca-east': 'CA' }), american),
  ],
  [/(?:^|\.)([a-z]{3}\d)\.digitaloceanspaces\.com$/, byName(digitalOcean)],
  [/(?:^|\.)sos-([a-z]{2}-[a-z]+-\d)\.exo\.io$/, (region) => region.slice(0, 2).toUpperCase()],
  [/(?:^|\.)([a-z]{2}-[a-z]+-\d)\.ionoscloud\.com$/, byName(ionos)],
  [/(?:^|\.)storage\.([a-z]+-[a-z]+\d+)\.rep\.googleapis\.com$/, byName(google)],
  [/(?:^|-)([a-z]{2}-[a-z]+-?\d)\.grafana\.net$/, either(byName(grafana), byName(amazon))],
];

/** The host of an address as people write them: with or without scheme, port and path. */
export function hostOf(endpoint: string): string {
  return endpoint
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/[/?#].*$/, '')
    .replace(/^.*@/, '')
    .replace(/:\d+$/, '')
    .replace(/\.$/, '');
}

/** Whether an address is one inside the cluster itself. */
export const isInCluster = (endpoint: string): boolean => /\.svc(\.cluster\.local)?$/.test(hostOf(endpoint));

/**
 * Country (ISO 3166-1 alpha-2) of a place outside the cluster, as far as its name tells; undefined when it doesn't: a
 * name of one's own, or a service that says no more than a continent.
 */
export function countryOfEndpoint(endpoint: string | undefined, region: string | undefined): string | undefined {
  const named = region?.trim().toLowerCase();
  // Without an endpoint S3 clients talk to Amazon.
  if (endpoint === undefined) return named === undefined ? undefined : amazon[named];
  const host = hostOf(endpoint);
  if (/^s3(\.dualstack)?\.amazonaws\.com$/.test(host)) return named === undefined ? undefined : amazon[named];
  for (const [pattern, countryOf] of hosts) {
    const found = pattern.exec(host)?.[1];
    if (found !== undefined) return countryOf(found);
  }
  return undefined;
}
