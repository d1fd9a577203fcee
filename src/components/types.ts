import type { ClusterRef } from '../domain/machine.js';
import type { Secret } from '../domain/secret.js';
import type { JsonSchema } from '../domain/source/json-schema.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { KubeObject } from '../kube/types.js';

export type Preset = 'baseline' | 'minimal' | 'none';
export type Architecture = 'amd64' | 'arm64';

/** Where a chart comes from, and which one. */
export interface Chart {
  readonly name: string;
  /** Base of a chart repository: `https://traefik.github.io/charts`. */
  readonly repository?: string | undefined;
  /** A whole OCI reference: `oci://ghcr.io/traefik/helm/traefik`. */
  readonly oci?: string | undefined;
  readonly version: string;
  /** Installed while nodes are still tainted: the cloud controller only. */
  readonly bootstrap: boolean;
  readonly takeOwnership: boolean;
  /** How long helm may take, as Go writes durations: `5m`. */
  readonly timeout: string;
  /** It has a `crds/` folder, which helm never upgrades: applied from the chart's archive before an upgrade. */
  readonly crds: boolean;
  /** Where its changes are told: an address for people. */
  readonly changelog?: string | undefined;
}

/** A Kubernetes Secret that a component needs. */
export interface SecretForm {
  readonly name: string;
  readonly namespace: string;
  /**
   * Asked for only when this holds: `dns.provider=cloudflare|hetzner`, or `dns.provider`: is set. Of another component's
   * options: `cert-manager:dns.provider`.
   */
  readonly when?: string | undefined;
  /** Key in the Secret → environment variable. */
  readonly keys: Readonly<Record<string, string>>;
  /** Key in the Secret → path in the templates' context, for what is no secret: `provider.network`. */
  readonly plain: Readonly<Record<string, string>>;
  /** Keys whose value Slipway draws where nobody gives one: length in characters. Kept once they are in the cluster. */
  readonly generate: Readonly<Record<string, number>>;
}

export interface VolumeRequest {
  /** Gibibytes. */
  readonly sizeGiB: number;
  readonly count: number;
}

/** What something asks of the nodes. */
export interface Requests {
  /** Thousandths of a core. */
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly volumes: readonly VolumeRequest[];
}

/** Pods of one kind that a chart starts, itself or by an operator, and where its values say what each asks for. */
export interface Workload {
  readonly when: string | undefined;
  /** One pod on each node, server, or node that takes pods of everybody (of the component's pool, where it has one). */
  readonly each: 'node' | 'server' | 'schedulable' | undefined;
  /** How many pods there are otherwise, or the path in the values where that stands; 1 where nothing stands there. */
  readonly replicas: number | string;
  /** For each container the path of its `resources` in the values, or its requests where the chart has no key for them. */
  readonly resources: readonly (string | { readonly cpu: string; readonly memory: string })[];
  /** Size of the volume of each pod, or the path in the values where it stands; nothing there: no volume. */
  readonly volume: string | undefined;
}

/** A workload that shows whether a component is healthy. */
export interface HealthTarget {
  readonly kind: string;
  /** Default: what Kubernetes calls this kind's group. */
  readonly apiVersion?: string | undefined;
  readonly name: string;
  readonly namespace: string;
  readonly when?: string | undefined;
}

/** Something outside the cluster that its data goes to, and the options that tell where it stands. */
export interface EndpointForm {
  /** For people: `the bucket of logs`. */
  readonly what: string;
  /** Paths of options: `s3.endpoint`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** A template that was read and checked; rendering it touches no file. */
export interface Template {
  /** Absolute path. */
  readonly file: string;
  /** As messages call it: `templates/components/traefik/values.yaml.hbs`; the whole path for one of the user's own. */
  readonly shown: string;
  /** First words of the names in it, and its helpers: `options`, `placement`. */
  readonly uses: ReadonlySet<string>;
  /**
   * What it renders to, as data: one entry for each YAML document that is not empty.
   * @throws UsageError code BAD_TEMPLATE, with the template's line for an error in the rendered YAML too.
   */
  documents(context: TemplateContext): readonly RenderedDocument[];
}

/** One YAML document of a rendered template. */
export interface RenderedDocument {
  /** Shared between renderings: never to be changed. */
  readonly data: unknown;
  /** Line of the template. */
  readonly line: number;
}

/** What a template sees. */
export type TemplateContext = Readonly<Record<string, unknown>>;

/** Something wrong with an option; the path begins at the component's settings. */
export interface OptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Whether the key itself is wrong, not its value. */
  readonly atKey?: boolean;
}

export interface CheckedOptions {
  readonly options: Readonly<Record<string, unknown>>;
  readonly problems: readonly OptionProblem[];
}

/** A component or capability that is needed with some options only. */
export interface ConditionalNeed {
  readonly name: string;
  readonly when?: string | undefined;
  readonly unless?: string | undefined;
}

/** A folder of the catalogue, read and checked. */
export interface Component {
  readonly name: string;
  readonly folder: string;
  /** False for a component of the user's own. */
  readonly builtIn: boolean;
  readonly title: string;
  readonly description: string;
  readonly presets: readonly Preset[];
  /** A preset includes it only when this holds for its own options: it can do nothing without them. */
  readonly when?: string | undefined;
  /** On whenever that component is on and its options are so. */
  readonly with?: { readonly component: string; readonly when?: string | undefined } | undefined;
  readonly namespace: string;
  readonly chart: Chart | undefined;
  /** Name of the helm release. */
  readonly release: string;
  /** Components or capabilities that must be there, and healthy before it. */
  readonly needs: readonly string[];
  /** Needs that depend on its own options: these only `when` so, those not (`unless`) so. */
  readonly needsIf: readonly ConditionalNeed[];
  /** Components or capabilities that go before it when they are there. */
  readonly after: readonly string[];
  readonly provides: readonly string[];
  readonly architectures: readonly Architecture[];
  readonly options: JsonSchema;
  /** Holds options of its own against that schema, defaults filled in. */
  readonly check: (given: Readonly<Record<string, unknown>>) => CheckedOptions;
  /** Holds a user's values for its chart against `values.schema.json`; undefined where the folder has none. */
  readonly checkValues: ((values: Readonly<Record<string, unknown>>) => readonly OptionProblem[]) | undefined;
  readonly secrets: readonly SecretForm[];
  readonly workloads: readonly Workload[];
  readonly health: readonly HealthTarget[];
  readonly endpoints: readonly EndpointForm[];
  readonly values: Template | undefined;
  readonly before: readonly Template[];
  readonly manifests: readonly Template[];
}

/** Every component there is, by name. */
export interface Catalogue {
  readonly components: ReadonlyMap<string, Component>;
  /** Folders it was read from, ours first. */
  readonly folders: readonly string[];
}

/** What components are told of the provider; made from the port by `providerFacts`. Nothing secret. */
export interface ProviderFacts {
  readonly name: string;
  readonly required: readonly string[];
  readonly baseline: readonly string[];
  readonly serviceLoadBalancer: 'provider' | 'nodes';
  readonly storageClass: string | undefined;
  /** What the integration's `templateValues` gives. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Whose an instance is: of the cluster itself, or of one of its tenants. */
export type Owner = { readonly kind: 'cluster' } | { readonly kind: 'tenant'; readonly name: string };

/** A definition in use: applied, listed and removed by itself. A cluster has as many of one definition as have use for it. */
export interface ComponentInstance {
  /** Unique in the cluster, fit for a label: `nats` for the cluster's own, `globex.nats` for a tenant's. */
  readonly id: string;
  readonly definition: Component;
  readonly namespace: string;
  /** Name of the helm release, and of its HelmChart: unique in the cluster. */
  readonly release: string;
  /** With defaults. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly owner: Owner;
}

export interface SelectedComponent extends ComponentInstance {
  /** Why it is on, for people: `required by hetzner`, `preset baseline`, `named in the file`. */
  readonly because: string;
  /** The chart's version that is installed; undefined without a chart. */
  readonly version: string | undefined;
  readonly pool: string | undefined;
  readonly storage: { readonly class: string | undefined; readonly size: string | undefined };
  /** The user's values, laid over the rendered ones. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where secrets come from that the file names another source for, by environment variable. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Ids of instances that must be healthy before it, directly. */
  readonly waitsFor: readonly string[];
}

export interface Selection {
  /** In an order in which they can be applied; those that wait for nothing in common may go at the same time. */
  readonly on: readonly SelectedComponent[];
  readonly off: readonly { readonly definition: Component; readonly because: string }[];
  /** For people: versions that were not tried, and the like. */
  readonly warnings: readonly string[];
}

/** All that one instance puts into the cluster, as values. Equal input gives equal output, to the byte. */
export interface RenderedComponent {
  /** Of the instance: the name in steps, labels and the inventory. */
  readonly id: string;
  /** Name of the definition. */
  readonly definition: string;
  readonly owner: Owner;
  readonly title: string;
  readonly namespace: string;
  readonly version: string | undefined;
  /** Ids of instances that must be healthy first. */
  readonly waitsFor: readonly string[];
  /** Applied first: the Namespace, then `before/`. */
  readonly before: readonly KubeObject[];
  /** The HelmChart object in kube-system; its name is the release's. */
  readonly chart: KubeObject | undefined;
  /** The chart whose `crds/` are applied from its archive before an upgrade; undefined: helm does it all. */
  readonly crds: Chart | undefined;
  /** Applied once the chart's workloads are healthy. */
  readonly objects: readonly KubeObject[];
  readonly health: readonly HealthTarget[];
  /** Of all that is rendered, what operators make of it included. */
  readonly requests: Requests;
}

/** What rendering needs beside the selection. */
export interface RenderInput {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  readonly provider: ProviderFacts;
}

/** Where a secret's value comes from. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** One key of one Secret that must have a value before anything is changed. */
export interface SecretNeed {
  /** Id of the instance. */
  readonly component: string;
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  /** As the component names it: `CLOUDFLARE_API_TOKEN`. */
  readonly variable: string;
  readonly source: SecretSource;
  /** Whether it may be read: by a built-in component always, by a user's own where the cluster file names it there. */
  readonly granted: boolean;
  /** Length of what Slipway draws when the source has nothing; undefined: it is an error then. */
  readonly generate: number | undefined;
}

/** A Kubernetes Secret to be made. Never rendered, printed or journaled. */
export interface ResolvedSecret {
  /** Id of the instance. */
  readonly component: string;
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, Secret>>;
  /** Keys of `data` that were drawn: what the cluster has already is kept instead. */
  readonly drawn: readonly string[];
  /** Where each key's value comes from, for people: `NOTE_TOKEN`, `the file ./token`. No value among them. */
  readonly origins: Readonly<Record<string, string>>;
}

/** How the resolver reads. Undefined: there is nothing. */
export interface SecretReaders {
  /** The provider's own (`kubernetesIntegration.secret`), asked first. */
  provider(variable: string): Secret | undefined;
  environment(variable: string): Secret | undefined;
  file(path: string): Promise<Secret | undefined>;
  draw(length: number): Secret;
}

/** A place outside the cluster, judged by `residency`. */
export interface JudgedEndpoint {
  /** Id of the instance. */
  readonly component: string;
  readonly what: string;
  /** The endpoint or region as written. */
  readonly where: string;
  readonly country: string | undefined;
  readonly verdict: 'inside' | 'outside' | 'unknown';
}
