/** Places, machine types and prices as of late 2026, in the API's form. */
export const locations = [
  {
    id: 1,
    name: 'fsn1',
    description: 'Falkenstein DC Park 1',
    country: 'DE',
    city: 'Falkenstein',
    latitude: 50.47612,
    longitude: 12.370071,
    network_zone: 'eu-central',
  },
  {
    id: 2,
    name: 'nbg1',
    description: 'Nuremberg DC Park 1',
    country: 'DE',
    city: 'Nuremberg',
    latitude: 49.452102,
    longitude: 11.076665,
    network_zone: 'eu-central',
  },
  {
    id: 3,
    name: 'hel1',
    description: 'Helsinki DC Park 1',
    country: 'FI',
    city: 'Helsinki',
    latitude: 60.169855,
    longitude: 24.938379,
    network_zone: 'eu-central',
  },
  {
    id: 4,
    name: 'ash',
    description: 'Ashburn, VA',
    country: 'US',
    city: 'Ashburn, VA',
    latitude: 39.045821,
    longitude: -77.487073,
    network_zone: 'us-east',
  },
  {
    id: 5,
    name: 'hil',
    description: 'Hillsboro, OR',
    country: 'US',
    city: 'Hillsboro, OR',
    latitude: 45.54222,
    longitude: -122.951924,
    network_zone: 'us-west',
  },
  {
    id: 6,
    name: 'sin',
    description: 'Singapore',
    country: 'SG',
    city: 'Singapore',
    latitude: 1.283333,
    longitude: 103.833333,
    network_zone: 'ap-southeast',
  },
] as const;

export type Location = (typeof locations)[number];

const europe = ['fsn1', 'nbg1', 'hel1'];
const everywhere = locations.map(({ name }) => name as string);

type Row = readonly [
  name: string,
  cores: number,
  memory: number,
  disk: number,
  monthly: number,
  architecture: 'x86' | 'arm',
  cpu: 'shared' | 'dedicated',
  where: readonly string[],
];

const rows: readonly Row[] = [
  ['cx23', 2, 4, 40, 3.49, 'x86', 'shared', europe],
  ['cx33', 4, 8, 80, 5.49, 'x86', 'shared', europe],
  ['cx43', 8, 16, 160, 9.49, 'x86', 'shared', europe],
  ['cx53', 16, 32, 320, 17.49, 'x86', 'shared', europe],
  ['cpx11', 2, 2, 40, 4.49, 'x86', 'shared', everywhere],
  ['cpx22', 2, 4, 80, 6.49, 'x86', 'shared', everywhere],
  ['cpx32', 4, 8, 160, 10.99, 'x86', 'shared', everywhere],
  ['cpx42', 8, 16, 320, 19.99, 'x86', 'shared', everywhere],
  ['cax11', 2, 4, 40, 3.79, 'arm', 'shared', europe],
  ['cax21', 4, 8, 80, 6.49, 'arm', 'shared', europe],
  ['cax31', 8, 16, 160, 12.49, 'arm', 'shared', europe],
  ['cax41', 16, 32, 320, 24.49, 'arm', 'shared', europe],
  ['ccx13', 2, 8, 80, 12.49, 'x86', 'dedicated', everywhere],
  ['ccx23', 4, 16, 160, 24.49, 'x86', 'dedicated', everywhere],
  ['ccx33', 8, 32, 240, 48.49, 'x86', 'dedicated', everywhere],
];

const vat = 1.19;
const price = (net: number): { net: string; gross: string } => ({
  net: net.toFixed(10),
  gross: (net * vat).toFixed(10),
});
const traffic = 21_990_232_555_520;

const prices = (monthly: number, where: readonly string[]) =>
  where.map((location) => ({
    location,
    price_hourly: price(monthly / 624),
    price_monthly: price(monthly),
    included_traffic: traffic,
    price_per_tb_traffic: price(1),
  }));

export const serverTypes = rows.map(([name, cores, memory, disk, monthly, architecture, cpu, where], index) => ({
  id: 100 + index,
  name,
  description: name.toUpperCase(),
  category: cpu === 'dedicated' ? 'General purpose' : 'Shared',
  cores,
  memory,
  disk,
  deprecated: false,
  prices: prices(monthly, where),
  storage_type: 'local',
  cpu_type: cpu,
  architecture,
  deprecation: null,
  locations: locations
    .filter((location) => where.includes(location.name))
    .map(({ id, name: place }) => ({
      id,
      name: place,
      deprecation: null,
      available: true,
      recommended: cpu === 'shared',
    })),
}));

export type ServerType = (typeof serverTypes)[number];

export const loadBalancerTypes = [
  { name: 'lb11', monthly: 5.39, targets: 25, services: 5, certificates: 10, connections: 10_000 },
  { name: 'lb21', monthly: 16.4, targets: 75, services: 15, certificates: 25, connections: 20_000 },
  { name: 'lb31', monthly: 30.9, targets: 150, services: 30, certificates: 50, connections: 40_000 },
].map(({ name, monthly, targets, services, certificates, connections }, index) => ({
  id: 1 + index,
  name,
  description: name.toUpperCase(),
  max_connections: connections,
  max_services: services,
  max_targets: targets,
  max_assigned_certificates: certificates,
  deprecated: null,
  deprecation: null,
  prices: prices(monthly, everywhere),
}));

export type LoadBalancerType = (typeof loadBalancerTypes)[number];

const systems = [
  ['ubuntu-22.04', 'ubuntu', '22.04'],
  ['ubuntu-24.04', 'ubuntu', '24.04'],
  ['ubuntu-26.04', 'ubuntu', '26.04'],
  ['debian-12', 'debian', '12'],
  ['debian-13', 'debian', '13'],
] as const;

export const images = systems.flatMap(([name, flavor, version], index) =>
  (['x86', 'arm'] as const).map((architecture, other) => ({
    id: 1000 + index * 2 + other,
    type: 'system',
    status: 'available',
    name,
    description: `${flavor} ${version}`,
    image_size: null,
    disk_size: 5,
    created: '2026-04-25T00:00:00Z',
    created_from: null,
    bound_to: null,
    os_flavor: flavor,
    os_version: version,
    rapid_deploy: true,
    protection: { delete: false },
    deprecated: null,
    deleted: null,
    labels: {},
    architecture,
  })),
);

export type Image = (typeof images)[number];

/** Net prices of volumes per GB and month. */
export const volumeMonthly = 0.044;

export const pricing = {
  currency: 'EUR',
  vat_rate: '19.00',
  image: { price_per_gb_month: price(0.0119) },
  floating_ip: { price_monthly: price(3) },
  floating_ips: [{ type: 'ipv4', prices: everywhere.map((location) => ({ location, price_monthly: price(3) })) }],
  primary_ips: [
    {
      type: 'ipv4',
      prices: everywhere.map((location) => ({ location, price_hourly: price(0.0008), price_monthly: price(0.5) })),
    },
  ],
  server_backup: { percentage: '20.00' },
  server_types: serverTypes.map(({ id, name, prices: own }) => ({ id, name, prices: own })),
  load_balancer_types: loadBalancerTypes.map(({ id, name, prices: own }) => ({ id, name, prices: own })),
  volume: { price_per_gb_month: price(volumeMonthly) },
};
