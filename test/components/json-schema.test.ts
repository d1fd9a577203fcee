import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';

import { parse } from 'yaml';

import { clusterJsonSchema } from '../../src/config/index.js';
import { schemaWithComponents } from '../../src/workflows/component/schema.js';
import { folderWith } from './support.js';

let check: ValidateFunction;
beforeAll(async () => {
  check = new Ajv2020({ strict: false, validateFormats: false }).compile(
    await schemaWithComponents(clusterJsonSchema()),
  );
});
const accepts = (components: string): boolean =>
  check({ name: 'demo', provider: { name: 'sandbox' }, components: parse(components) as unknown });

describe('the schema that editors read', () => {
  it.each([
    '{}',
    '{loki: false, monitoring: {pool: platform}}',
    '{cert-manager: {email: ops@acme.dev, dns: {provider: cloudflare}, domains: [acme.dev]}}',
    '{traefik: {version: "1.2.3", values: {anything: {at: all}}}}',
    '{of-our-own: {what: ever}, folders: [./parts]}',
  ])('takes %s', (components) => {
    expect(accepts(components), JSON.stringify(check.errors)).toBe(true);
  });

  it.each([
    ['an option that a component does not have', '{cert-manager: {emial: ops@acme.dev}}'],
    ['an option of another kind', '{cert-manager: {domains: acme.dev}}'],
    ['a preset that there is not', '{preset: everything}'],
    ['a setting of another kind', '{traefik: {pool: [a]}}'],
  ])('marks %s', (_what, components) => {
    expect(accepts(components)).toBe(false);
  });

  it('knows the components of one’s own folders', async () => {
    const folder = await folderWith({
      'mailer/component.yaml':
        'title: Mail\ndescription: Sends mail.\nnamespace: mail\noptions: {type: object, additionalProperties: false, properties: {from: {type: string}}}\n',
      'mailer/manifests/a.yaml.hbs': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
    });
    const own = new Ajv2020({ strict: false, validateFormats: false }).compile(
      await schemaWithComponents(clusterJsonSchema(), [folder]),
    );
    const file = (mailer: unknown) => ({ name: 'demo', provider: { name: 'sandbox' }, components: { mailer } });
    expect(own(file({ from: 'a@b.example' }))).toBe(true);
    expect(own(file({ form: 'a@b.example' }))).toBe(false);
  });
});
