import { nearest } from '../domain/nearest.js';
import { pathText } from '../domain/source/problems.js';
import type { ComponentSettings, ComponentsSpec } from '../domain/spec/components.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import type { PoolSpec } from '../domain/spec/schema.js';
import { UsageError } from '../errors/index.js';
import { instanceOf, ownedByCluster } from './instance.js';
import { settingNames } from './options.js';
import { settingsProblems, usesSetting, valuesWarnings } from './settings.js';
import { tenancy } from './tenant/names.js';
import { circle, inOrder, providersOf, waitsFor } from './order.js';
import type { Catalogue, CheckedOptions, Component, ProviderFacts, SelectedComponent, Selection } from './types.js';
import { variablesOf } from './variables.js';
import { type OptionsOf, whenHolds, whenText } from './when.js';

/** What is selected from. Absent components: only what the provider requires. */
export interface SelectInput {
  readonly components: ComponentsSpec | undefined;
  readonly pools: readonly Pick<PoolSpec, 'name'>[];
  /** Undefined where the provider is not known yet: nothing is required, and no storage class known. */
  readonly provider: ProviderFacts | undefined;
  /** Whether the cluster has tenants, or is asked to: what keeps them apart is on then. */
  readonly hasTenants?: boolean | undefined;
}

export interface Selected {
  readonly selection: Selection;
  /** Paths begin at the cluster file's root. */
  readonly problems: readonly SpecProblem[];
}

/** Which components are on, with their options and in their order, and everything that is wrong with that. Pure. */
export function selectComponents(catalogue: Catalogue, input: SelectInput): Selected {
  const choice = new Choice(catalogue, input);
  choice.decide();
  return choice.result();
}

/**
 * The selection.
 * @throws UsageError code BAD_COMPONENTS, a line in `details` for each problem.
 */
export function selectionOf(catalogue: Catalogue, input: SelectInput): Selection {
  const { selection, problems } = selectComponents(catalogue, input);
  if (problems.length === 0) return selection;
  const details = problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
  throw new UsageError(details.length === 1 ? details[0]! : `${details.length} problems with components`, {
    code: 'BAD_COMPONENTS',
    details: details.length === 1 ? [] : details,
    hint: '`slipway component list` shows what there is; docs/reference/components.md has the options of each.',
  });
}

class Choice {
  readonly #on = new Map<string, string>();
  readonly #problems: SpecProblem[] = [];
  readonly #checked = new Map<string, CheckedOptions>();
  readonly #settings: ReadonlyMap<string, boolean | ComponentSettings>;
  readonly #all: readonly Component[];

  constructor(
    readonly catalogue: Catalogue,
    readonly input: SelectInput,
  ) {
    this.#all = [...catalogue.components.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { preset: _preset, folders: _folders, ...named } = input.components ?? { preset: 'none', folders: [] };
    this.#settings = new Map(Object.entries(named as Record<string, boolean | ComponentSettings>));
  }

  decide(): void {
    this.checkNames();
    for (const component of this.#all) this.checkSettings(component);
    for (const component of this.#all) {
      const because = this.reason(component);
      if (because !== undefined) this.#on.set(component.name, because);
    }
    // Each round may bring in something that brings in more.
    for (let before = -1; before !== this.#on.size;) {
      before = this.#on.size;
      this.joinWith();
      this.joinNeeded();
    }
  }

  private checkNames(): void {
    const known = this.#all.map(({ name }) => name);
    for (const name of this.#settings.keys()) {
      if (this.catalogue.components.has(name)) continue;
      const near = nearest(name, [...known, 'preset', 'folders']);
      this.#problems.push({
        path: ['components', name],
        message: `there is no such component; ${near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`}`,
        atKey: true,
      });
    }
  }

  private settingsOf(name: string): ComponentSettings {
    const settings = this.#settings.get(name);
    return typeof settings === 'object' ? settings : {};
  }

  /** Options of its own, with defaults; only of those that are asked about, since compiling schemas takes time. */
  private checked(component: Component): CheckedOptions {
    const known = this.#checked.get(component.name);
    if (known) return known;
    const own = Object.entries(this.settingsOf(component.name)).filter(
      ([key]) => !(settingNames as readonly string[]).includes(key),
    );
    const checked = component.check(Object.fromEntries(own));
    this.#checked.set(component.name, checked);
    return checked;
  }

  /** Says what is wrong with the settings that the file names. */
  private checkSettings(component: Component): void {
    const { name } = component;
    const setting = this.#settings.get(name);
    if (setting === undefined || setting === false) return;
    const problems = [
      ...this.checked(component).problems,
      ...settingsProblems(component, this.settingsOf(name), {
        pools: this.input.pools.map((pool) => pool.name),
        variables: this.variablesFor(component),
      }),
    ];
    for (const { path, ...rest } of problems) this.#problems.push({ path: ['components', name, ...path], ...rest });
  }

  /** Of its own secrets, and of those that go with it. */
  private variablesFor(component: Component): readonly string[] {
    const all = [component, ...this.#all.filter((other) => other.with?.component === component.name)];
    const named = all.flatMap((one) => one.secrets.flatMap((secret) => Object.values(variablesOf(one.name, secret))));
    return [...new Set(named)];
  }

  private reason(component: Component): string | undefined {
    const { name } = component;
    const { provider } = this.input;
    const setting = this.#settings.get(name);
    const required = provider?.required.includes(name) ?? false;
    const keepsApart = name === tenancy && this.input.hasTenants === true;
    if (setting === false) {
      if (keepsApart)
        this.#problems.push({
          path: ['components', name],
          message: 'it keeps tenants apart, and the cluster has tenants; take this line out',
        });
      if (required)
        this.#problems.push({
          path: ['components', name],
          message: `nodes of ${provider?.name ?? ''} do not work without it; take this line out`,
        });
      return undefined;
    }
    if (required) return `required by ${provider?.name ?? ''}`;
    if (keepsApart) return 'the cluster has tenants';
    if (setting !== undefined) return 'named in the file';
    return this.ofPreset(component) && this.conditionHolds(component) ? this.presetReason(component) : undefined;
  }

  private presetReason({ name }: Component): string {
    const { provider, components } = this.input;
    return provider?.baseline.includes(name)
      ? `baseline on ${provider.name}`
      : `preset ${components?.preset ?? 'none'}`;
  }

  private ofPreset({ name, presets }: Component): boolean {
    const { provider, components } = this.input;
    const preset = components?.preset ?? 'none';
    if (preset === 'none') return false;
    return presets.includes(preset) || (preset === 'baseline' && (provider?.baseline.includes(name) ?? false));
  }

  private conditionHolds(component: Component): boolean {
    const { when } = component;
    return when === undefined || whenHolds(when, this.checked(component).options, this.#optionsOf);
  }

  readonly #optionsOf: OptionsOf = (name) => {
    const component = this.#on.has(name) ? this.catalogue.components.get(name) : undefined;
    return component && this.checked(component).options;
  };

  readonly #needsOf = (component: Component): readonly string[] => {
    const { options } = this.checked(component);
    const holds = (when: string | undefined): boolean => whenHolds(when, options, this.#optionsOf);
    const some = component.needsIf.filter(
      ({ when, unless }) => holds(when) && (unless === undefined || !holds(unless)),
    );
    return [...component.needs, ...some.map(({ name }) => name)];
  };

  private joinWith(): void {
    for (const { name, with: other } of this.#all) {
      if (!other || this.#on.has(name) || this.#settings.get(name) === false) continue;
      const options = this.#optionsOf(other.component);
      if (options && whenHolds(other.when, options, this.#optionsOf)) this.#on.set(name, `with ${other.component}`);
    }
  }

  private joinNeeded(): void {
    for (const component of this.selected())
      for (const need of this.#needsOf(component)) {
        if (providersOf(need, this.selected()).length > 0) continue;
        const able = providersOf(need, this.#all).filter(({ name }) => this.#settings.get(name) !== false);
        const [found] = able.length === 1 ? able : able.filter((one) => this.ofPreset(one));
        if (found) this.#on.set(found.name, `needed by ${component.name}`);
        else this.missing(component, need, able);
      }
  }

  private missing(component: Component, need: string, able: readonly Component[]): void {
    // What the provider brings may be just that.
    if (able.length > 0 && this.input.provider === undefined) return;
    const off = providersOf(need, this.#all).filter(({ name }) => this.#settings.get(name) === false);
    const [first] = off;
    const path = first === undefined ? ['components', component.name] : ['components', first.name];
    const message =
      able.length > 0
        ? `${component.name} needs ${need}: switch one of these on: ${able.map(({ name }) => name).join(', ')}`
        : `${component.name} needs ${need === first?.name ? 'it' : need}, but it is switched off; switch ${component.name} off too, or take this line out`;
    if (!this.#problems.some((problem) => problem.message === message)) this.#problems.push({ path, message });
  }

  private selected(): readonly Component[] {
    return this.#all.filter(({ name }) => this.#on.has(name));
  }

  result(): Selected {
    const components = this.selected();
    this.checkTogether(components);
    const edges = waitsFor(components, this.#needsOf, this.input.provider?.required ?? []);
    const round = circle(edges);
    if (round !== undefined)
      this.#problems.push({
        path: ['components', round[0] ?? ''],
        message: `components wait for each other in a circle: ${round.join(' → ')}`,
      });
    const order = round === undefined ? inOrder(edges) : components.map(({ name }) => name);
    const on = order.map((name) => this.describe(this.catalogue.components.get(name)!, edges.get(name) ?? []));
    const off = this.#all
      .filter(({ name }) => !this.#on.has(name))
      .map((definition) => ({ definition, because: this.whyOff(definition) }));
    const warnings = on.flatMap((one) => [
      ...versionWarning(one),
      ...valuesWarnings(one.definition, this.settingsOf(one.definition.name)),
    ]);
    return { selection: { on, off, warnings }, problems: this.#problems };
  }

  /** Two releases of one name would be one object in the cluster; options that a preset cannot do without. */
  private checkTogether(components: readonly Component[]): void {
    const releases = new Map<string, string>();
    for (const { name, release, chart } of components) {
      if (chart === undefined) continue;
      const other = releases.get(release);
      if (other !== undefined)
        this.#problems.push({
          path: ['components', name],
          message: `its release ${release} is ${other}’s too; only one of them can be on`,
          atKey: true,
        });
      releases.set(release, name);
    }
    for (const component of components) {
      if (this.#settings.get(component.name) !== undefined) continue;
      for (const { path, message } of this.checked(component).problems)
        this.#problems.push({
          path: ['components', component.name, ...path],
          message: `${message} (it is on: ${this.#on.get(component.name)!})`,
        });
    }
  }

  private describe(component: Component, before: readonly string[]): SelectedComponent {
    const { pool, version, values, secrets, storage } = this.settingsOf(component.name);
    const { options } = this.checked(component);
    return {
      ...instanceOf(component, ownedByCluster, { namespace: component.namespace, options }),
      because: this.#on.get(component.name) ?? '',
      version: component.chart === undefined ? undefined : (version ?? component.chart.version),
      pool: pool ?? this.poolOfLeader(component),
      storage: { class: storage?.class ?? this.input.provider?.storageClass, size: storage?.size },
      values: values ?? {},
      secrets: secrets ?? {},
      waitsFor: before,
    };
  }

  /** What goes with another component goes where that one is, unless it has a pool of its own or no use for one. */
  private poolOfLeader(component: Component): string | undefined {
    const leader = component.with?.component;
    if (leader === undefined || !this.#on.has(leader) || !usesSetting(component, 'pool')) return undefined;
    return this.settingsOf(leader).pool;
  }

  private whyOff(component: Component): string {
    const { name, when, with: other } = component;
    if (this.#settings.get(name) === false) return 'switched off in the file';
    if (this.ofPreset(component) && when !== undefined) return `needs ${whenText(when)}`;
    if (other !== undefined)
      return `goes with ${other.component}${other.when === undefined ? '' : `, with ${whenText(other.when)}`}`;
    return 'not named in the file';
  }
}

function versionWarning({ definition, version }: SelectedComponent): string[] {
  const tried = definition.chart?.version;
  if (version === undefined || version === tried) return [];
  return [`${definition.name}: chart version ${version} was not tried with this Slipway, ${tried ?? ''} was.`];
}
