/** A region: where it is, and what it can do beyond what all can. */
export interface RegionEntry {
  readonly id: string;
  readonly city: string;
  /** Lower case, as the API writes it. */
  readonly country: string;
  /** Newer regions have premium plans and LKE's enterprise tier. */
  readonly isNew: boolean;
}

const region = (id: string, city: string, country: string, isNew = false): RegionEntry => ({
  id,
  city,
  country,
  isNew,
});

/** Core regions as they were recorded in July 2026. */
export const regions: readonly RegionEntry[] = [
  region('ap-west', 'Mumbai', 'in'),
  region('ca-central', 'Toronto', 'ca'),
  region('ap-southeast', 'Sydney', 'au'),
  region('us-iad', 'Washington, DC', 'us', true),
  region('us-ord', 'Chicago, IL', 'us', true),
  region('fr-par', 'Paris', 'fr', true),
  region('us-sea', 'Seattle, WA', 'us', true),
  region('br-gru', 'São Paulo', 'br', true),
  region('nl-ams', 'Amsterdam', 'nl', true),
  region('se-sto', 'Stockholm', 'se', true),
  region('es-mad', 'Madrid', 'es', true),
  region('in-maa', 'Chennai', 'in', true),
  region('jp-osa', 'Osaka', 'jp', true),
  region('it-mil', 'Milan', 'it', true),
  region('us-mia', 'Miami, FL', 'us', true),
  region('id-cgk', 'Jakarta', 'id', true),
  region('us-lax', 'Los Angeles, CA', 'us', true),
  region('gb-lon', 'London 2', 'gb', true),
  region('au-mel', 'Melbourne', 'au'),
  region('in-bom-2', 'Mumbai 2', 'in', true),
  region('de-fra-2', 'Frankfurt 2', 'de', true),
  region('sg-sin-2', 'Singapore 2', 'sg', true),
  region('jp-tyo-3', 'Tokyo 3', 'jp', true),
  region('fr-par-2', 'Paris 2', 'fr', true),
  region('us-iad-2', 'Washington 2, DC', 'us', true),
  region('no-osl-1', 'Oslo', 'no', true),
  region('us-central', 'Dallas, TX', 'us'),
  region('us-west', 'Fremont, CA', 'us'),
  region('us-southeast', 'Atlanta, GA', 'us'),
  region('us-east', 'Newark, NJ', 'us'),
  region('eu-west', 'London', 'gb'),
  region('ap-south', 'Singapore', 'sg'),
  region('eu-central', 'Frankfurt', 'de'),
  region('ap-northeast', 'Tokyo 2', 'jp'),
];

const everywhere = [
  'Linodes',
  'Block Storage Encryption',
  'LA Disk Encryption',
  'Disk Encryption',
  'Backups',
  'NodeBalancers',
  'Block Storage',
  'Object Storage',
  'Kubernetes',
  'Cloud Firewall',
  'Placement Group',
  'StackScripts',
  'Metadata',
  'VPCs',
  'Linode Interfaces',
];

/** Machines that one placement group keeps apart, and groups that an account may have in a region. */
export const placementLimits = { strict: 10, flexible: 5, groups: 100 };

export const regionShape = ({ id, city, country, isNew }: RegionEntry) => ({
  id,
  label: `${city}, ${country.toUpperCase()}`,
  country,
  capabilities: isNew ? [...everywhere, 'Premium Plans', 'Kubernetes Enterprise'] : everywhere,
  status: 'ok',
  site_type: 'core',
  resolvers: { ipv4: '198.51.100.53', ipv6: '2001:db8::53' },
  placement_group_limits: {
    maximum_pgs_per_customer: placementLimits.groups,
    maximum_linodes_per_pg: placementLimits.strict,
    maximum_linodes_per_flexible_pg: placementLimits.flexible,
  },
});

export const regionNamed = (id: string): RegionEntry | undefined => regions.find((one) => one.id === id);
