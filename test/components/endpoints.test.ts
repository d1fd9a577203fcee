import { describe, expect, it } from 'vitest';

import { judgedEndpoints, endpointText, readCatalogue, selectionOf } from '../../src/components/index.js';
import { countryOfEndpoint } from '../../src/components/known-endpoints.js';
import { folderWith, renderInput } from './support.js';

describe('the country of a place', () => {
  it.each<[string | undefined, string | undefined, string | undefined]>([
    ['fsn1.your-objectstorage.com', undefined, 'DE'],
    ['https://nbg1.your-objectstorage.com', undefined, 'DE'],
    ['https://bucket.hel1.your-objectstorage.com:443/x', undefined, 'FI'],
    ['s3.eu-central-1.amazonaws.com', undefined, 'DE'],
    ['https://s3.dualstack.eu-west-1.amazonaws.com', undefined, 'IE'],
    ['bucket.s3.us-east-1.amazonaws.com', undefined, 'US'],
    ['s3-eu-west-3.amazonaws.com', undefined, 'FR'],
    ['s3.amazonaws.com', 'eu-north-1', 'SE'],
    ['s3.amazonaws.com', undefined, undefined],
    ['aps-workspaces.eu-central-1.amazonaws.com', undefined, 'DE'],
    [undefined, 'eu-central-1', 'DE'],
    [undefined, 'moon-1', undefined],
    ['eu-central-1.linodeobjects.com', undefined, 'DE'],
    ['ap-south-1.linodeobjects.com', undefined, 'SG'],
    ['fr-par-1.linodeobjects.com', undefined, 'FR'],
    ['us-iad-10.linodeobjects.com', undefined, 'US'],
    ['s3.fr-par.scw.cloud', undefined, 'FR'],
    ['s3.gra.io.cloud.ovh.net', undefined, 'FR'],
    ['s3.eu-central-2.wasabisys.com', undefined, 'DE'],
    ['s3.us-east-2.wasabisys.com', undefined, 'US'],
    ['s3.eu-central-003.backblazeb2.com', undefined, 'NL'],
    ['fra1.digitaloceanspaces.com', undefined, 'DE'],
    ['sos-ch-gva-2.exo.io', undefined, 'CH'],
    ['storage.europe-west3.rep.googleapis.com', undefined, 'DE'],
    ['https://prometheus-prod-24-prod-eu-west-2.grafana.net/api/prom/push', undefined, 'GB'],
    ['https://logs-prod-eu-west-0.grafana.net/loki/api/v1/push', undefined, 'BE'],
    ['https://logs-prod-012.grafana.net/loki/api/v1/push', undefined, undefined],
    ['https://abc.r2.cloudflarestorage.com', 'auto', undefined],
    ['https://abc.eu.r2.cloudflarestorage.com', undefined, undefined],
    ['storage.googleapis.com', undefined, undefined],
    // A region says nothing of an endpoint of one's own.
    ['https://minio.example.com', 'eu-central-1', undefined],
    // Names that only look like a known one.
    ['fsn1.your-objectstorage.com.example.net', undefined, undefined],
    ['https://example.net/fsn1.your-objectstorage.com', undefined, undefined],
    ['https://fsn1.your-objectstorage.com@example.net', undefined, undefined],
  ])('%s, region %s: %s', (endpoint, region, country) => {
    expect(countryOfEndpoint(endpoint, region)).toBe(country);
  });
});

describe('places of components', () => {
  const judge = async (options: Record<string, unknown>, residency: readonly string[] | undefined) => {
    const folder = await folderWith({
      'logs/component.yaml':
        'title: T\ndescription: D\nnamespace: n\noptions: {type: object, properties: {}}\nplaces:\n  - {what: the bucket, endpoint: s3.endpoint, region: s3.region}\n  - {what: an endpoint, endpoint: write.url}\n',
    });
    const provider = { ...renderInput().provider, required: [], baseline: [] };
    const { spec } = renderInput({ components: { preset: 'none', logs: options } as never }, provider);
    const selection = selectionOf(await readCatalogue([], folder), {
      components: spec.components,
      pools: [],
      provider,
    });
    return judgedEndpoints(selection, residency).map((place) => [place.verdict, endpointText(place)]);
  };

  it('are those the options name, in lists too', async () => {
    expect(await judge({}, ['DE'])).toEqual([]);
    expect(
      await judge(
        {
          s3: { endpoint: 'fsn1.your-objectstorage.com', region: 'us-east-1' },
          write: [{ url: 'https://x.example' }, { url: 'http://loki.monitoring.svc:3100' }],
        },
        ['DE'],
      ),
    ).toEqual([
      ['inside', 'logs: the bucket (fsn1.your-objectstorage.com) is in DE'],
      ['unknown', 'logs: an endpoint (https://x.example), whose country cannot be known'],
      ['inside', 'logs: an endpoint (http://loki.monitoring.svc:3100) is in the cluster'],
    ]);
  });

  it('are outside where the residency does not name their country', async () => {
    const us = { s3: { region: 'us-east-1' } };
    expect(await judge(us, ['DE', 'FI'])).toEqual([['outside', 'logs: the bucket (us-east-1) is in US']]);
    expect(await judge(us, undefined)).toEqual([['inside', 'logs: the bucket (us-east-1) is in US']]);
  });
});
