import { describe, expect, it } from 'vitest';

import { readTemplate } from '../../../src/components/template/index.js';
import type { JsonSchema } from '../../../src/domain/source/json-schema.js';

const context: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    cluster: { type: 'object', additionalProperties: false, properties: { name: {}, id: {} } },
    options: {
      type: 'object',
      additionalProperties: false,
      properties: {
        replicas: { type: 'integer' },
        hosts: { type: 'array', items: { type: 'object' } },
        dns: { type: 'object', additionalProperties: false, properties: { provider: { type: 'string' } } },
      },
    },
    placement: {},
    has: {},
  },
};
const files: Readonly<Record<string, string>> = { 'dashboards/a.json': '{\n  "title": "A {{name}}"\n}\n' };

function template(text: string) {
  return readTemplate({
    file: '/x/values.yaml.hbs',
    shown: 'values.yaml.hbs',
    text,
    context,
    readFile: (path) => {
      const found = files[path];
      if (found === undefined) throw new TypeError(`${path} is not there`);
      return found;
    },
  });
}
const base = { cluster: { name: 'acme', id: 'x1' }, options: { replicas: 2 }, placement: {}, has: { traefik: true } };
const data = (text: string, given: Record<string, unknown> = base): unknown => template(text).documents(given)[0]?.data;
const reason = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
};

describe('what is refused when a template is read', () => {
  it.each([
    ['a: {{cluster.name}}', 1, 'a bare {{cluster.name}} is not put out: a value passes a helper, {{q cluster.name}}'],
    ['a: 1\nb: {{{cluster.name}}}', 2, 'three braces are not read'],
    ['a: {{q options.replica}}', 1, 'there is no replica in options; did you mean replicas?'],
    ['a: {{q clustr.name}}', 1, 'there is no clustr in the context; did you mean cluster?'],
    ['\n\n{{#if options.dns.providr}}a: 1{{/if}}', 3, 'did you mean provider?'],
    ['a: {{concat "a" "b"}}', 1, 'concat gives a value'],
    ['a: {{q (conact "a" "b")}}', 1, 'there is no helper conact; did you mean concat?'],
    ['a: {{q (eq "a")}}', 1, 'eq takes 2 values, not 1'],
    ['a: {{q "a" "b"}}', 1, '{{q …}} takes one value, not 2'],
    ['{{> part}}', 1, 'partials'],
    ['a: 1\n{{#if options.dns}}\nb: 2\n', 4, 'Expecting'],
    ['{{#iff options.dns}}{{/iff}}', 1, 'there is no block {{#iff}}; did you mean if?'],
    ['x: {{q (file "nowhere")}}', 1, 'nowhere is not there'],
    ['x: {{q (file cluster.name)}}', 1, 'written out'],
    ['{{#each options.hosts}}{{q ../../cluster}}{{/each}}', 1, 'leads out of the template'],
    ['{{#each options.hosts}}{{q ../optons}}{{/each}}', 1, 'did you mean options?'],
    ['{{#each options.hosts}}{{q @root.optons}}{{/each}}', 1, 'did you mean options?'],
    ['a: {{q @key}}', 1, '@key is there in {{#each}} only'],
    ['a: {{yaml cluster ident=2}}', 1, 'yaml takes no ident='],
  ])('%s', (text, line, message) => {
    const said = reason(() => template(text));
    expect(said).toContain(`values.yaml.hbs:${line}: `);
    expect(said).toContain(message);
  });
});

describe('names without a value', () => {
  it('are errors with file and line where a value is put out', () => {
    expect(reason(() => data('a: 1\nb: {{q options.dns.provider}}'))).toMatch(
      /^values\.yaml\.hbs:2: options\.dns\.provider has no value here; ask for it/,
    );
    expect(reason(() => data('\nb: {{q (concat "a" options.dns.provider)}}'))).toMatch(/^values\.yaml\.hbs:2: /);
  });

  it('may be asked for, with all that hangs on them', () => {
    const text = [
      'a: {{q (default options.dns.provider "none")}}',
      '{{#if options.dns.provider}}\nb: 1\n{{else if (eq options.dns.provider "x")}}\nb: 2\n{{else}}\nb: 3\n{{/if}}',
      '{{#each options.hosts}}\nc: {{q this}}\n{{else}}\nc: none\n{{/each}}',
      'd: {{q (or options.dns.provider options.hosts false)}}',
    ].join('\n');
    expect(data(text)).toEqual({ a: 'none', b: 3, c: 'none', d: false });
  });

  it('are not found on prototypes', () => {
    expect(reason(() => data('a: {{q (lookup cluster "constructor")}}'))).toContain('q it has no value');
    expect(reason(() => data('{{#with cluster}}\na: {{q toString}}\n{{/with}}'))).toContain('toString has no value');
  });
});

describe('a value stands by itself', () => {
  it.each([
    ['in quotes', 'a: "http://{{q cluster.name}}"'],
    ['in single quotes', "a: 'x {{q cluster.name}}'"],
    ['after other text', 'a: http://{{q cluster.name}}'],
    ['before other text', 'a: {{q cluster.name}}.example'],
    ['as bare text outside a block of text', 'a: {{text cluster.name}}'],
  ])('refuses one %s', (_what, text) => {
    expect(reason(() => data(text, { ...base, cluster: { name: 'x, b: 1', id: '' } }))).toMatch(
      /^values\.yaml\.hbs:1: /,
    );
  });

  it('takes one as value, key, item, in flow, in a comment and in a block of text', () => {
    const text = [
      '# for {{q cluster.name}}',
      'a: {{q cluster.name}}',
      '{{q cluster.name}}: 1',
      'b: [{{q cluster.name}}, {{q options.replicas}}]',
      'c: {x: {{q cluster.name}}, {{q cluster.id}}: 2}',
      'd:\n  - {{q cluster.name}}',
      'e: |\n  url = {{q cluster.name}}\n  {{text cluster.id}}!',
    ].join('\n');
    expect(data(text)).toEqual({
      a: 'acme',
      acme: 1,
      b: ['acme', 2],
      c: { x: 'acme', x1: 2 },
      d: ['acme'],
      e: 'url = "acme"\nx1!\n',
    });
  });
});

describe('blocks', () => {
  const pool = { nodeSelector: { 'slipway.dev/pool': 'web' }, tolerations: [{ key: 'a', operator: 'Exists' }] };

  it('stand at their column, however the helper is written', () => {
    const values = { ...base, placement: pool };
    const whole = { a: { b: pool, c: 1 } };
    expect(data('a:\n  b:\n{{yaml (placement) indent=4}}\n  c: 1', values)).toEqual(whole);
    expect(data('a:\n  b:\n    {{yaml (placement) indent=4}}\n  c: 1', values)).toEqual(whole);
    expect(data('a:\n  b:\n    {{yaml (placement)}}\n  c: 1', values)).toEqual(whole);
    expect(data('a:\n  b: {{yaml (placement) indent=4}}\n  c: 1', values)).toEqual(whole);
    expect(data('a:\n  - {{yaml (placement) indent=4}}', values)).toEqual({ a: [pool] });
  });

  it('add their keys among others, and nothing when they are empty', () => {
    const text = 'a:\n  c: 1\n  {{yaml (placement) indent=2}}\n  d: 2\n';
    expect(data(text, { ...base, placement: pool })).toEqual({ a: { c: 1, ...pool, d: 2 } });
    expect(data(text)).toEqual({ a: { c: 1, d: 2 } });
  });

  it('are an empty map as the value of a key', () => {
    expect(data('a:\n  # about it\n  {{yaml (placement) indent=2}}\nb: 1')).toEqual({ a: {}, b: 1 });
    expect(data('a: {{yaml (placement) indent=2}}')).toEqual({ a: {} });
  });

  it('at a wrong column are refused', () => {
    expect(reason(() => data('a:\n  b: 1\n{{yaml cluster indent=4}}'))).toMatch(/^values\.yaml\.hbs:[23]: /);
  });

  it('copy a file as it is, braces and all', () => {
    const text = 'data:\n  a.json: |\n    {{file "dashboards/a.json" indent=4}}\n  b: {{q (file "dashboards/a.json")}}';
    expect(data(text)).toEqual({
      data: { 'a.json': '{\n  "title": "A {{name}}"\n}\n', b: files['dashboards/a.json'] },
    });
  });
});

describe('what a template renders', () => {
  it('tells the template’s line for an error in the rendered YAML', () => {
    const text = 'a: 1\n{{#if cluster.name}}\nb: 2\n{{/if}}\n{{#each options.hosts}}\n- x\n{{/each}}\nb: 3\n';
    expect(reason(() => data(text))).toMatch(/^values\.yaml\.hbs:8: the YAML it renders: /);
  });

  it('gives each document with its line, without empty ones', () => {
    const text = '{{#if options.dns}}\na: 1\n{{/if}}\n---\nb: 1\n---\n{{#if cluster.name}}\nc: 1\n{{/if}}\n';
    expect(template(text).documents(base)).toEqual([
      { data: { b: 1 }, line: 5 },
      { data: { c: 1 }, line: 8 },
    ]);
  });

  it('goes through lists and maps with names of inside and outside', () => {
    const options = { replicas: 1, hosts: [{ name: 'a' }, { name: 'b' }] };
    const text =
      'x:\n{{#each options.hosts as |host index|}}\n  - n: {{q name}}\n    h: {{q host.name}}\n    i: {{q index}}\n    r: {{q ../options.replicas}}\n    c: {{q @root.cluster.name}}\n    last: {{q @last}}\n{{/each}}\n{{#each cluster}}\n{{q @key}}: {{q this}}\n{{/each}}';
    expect(data(text, { ...base, options })).toEqual({
      x: [
        { n: 'a', h: 'a', i: 0, r: 1, c: 'acme', last: false },
        { n: 'b', h: 'b', i: 1, r: 1, c: 'acme', last: true },
      ],
      name: 'acme',
      id: 'x1',
    });
  });

  it('reckons with helpers', () => {
    const text =
      'a: {{q (share "20Gi" 85)}}\nb: {{q (gib "20Gi")}}\nc: {{q (join (list "a" "b") ",")}}\nd: {{q (has "traefik")}}\ne: {{q (has "loki")}}\nf: {{q (merge (dict a=1 b=2) (dict b=3))}}\ng: {{q (max 1 options.replicas)}}\nh: {{q (split "a, b" ",")}}';
    expect(data(text)).toEqual({
      a: '17408Mi',
      b: 20,
      c: 'a,b',
      d: true,
      e: false,
      f: { a: 1, b: 3 },
      g: 2,
      h: ['a', 'b'],
    });
  });

  it('says which helper was given what it cannot take', () => {
    expect(reason(() => data('\na: {{q (share "x" 85)}}'))).toBe(
      'values.yaml.hbs:2: share takes sizes such as 20Gi, not "x"',
    );
  });
});
