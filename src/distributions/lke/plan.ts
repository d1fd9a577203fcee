import { from, known, type Later, needsOf, type Step, valueOf } from '../../engine/index.js';
import type { ClusterApi } from '../../phases/context.js';
import type { DistributionPlan } from '../port.js';
import type { LkeContext } from './context.js';
import { fatesOf } from './nodes.js';
import { planPools, requestsFor } from './pools.js';
import { planRemovals, planReplacements } from './rolling.js';
import { waitForApi, waitForVersion } from './waits.js';

const phase = 'Control plane';

/** Every step between what was found and what the file asks for. What takes nodes away goes one after the other. */
export function plan(context: LkeContext): DistributionPlan {
  const { facts, spec, round } = context;
  const create = facts.managed ? undefined : createStep(context);
  const id: Later<string> = facts.managed ? known(facts.managed.id) : from(create!);
  const access = accessStep(context, id);
  const opening = facts.api ? undefined : openStep(context, id, access);
  const api: Later<ClusterApi> = facts.api ? known(facts.api) : from(opening!);
  const version = versionStep(context, id, api, access);
  const control = [create, access, opening, version].flatMap((step) => step ?? []);
  const pools = planPools(context, { id, api, before: control });
  const fates = fatesOf(facts, { version: spec.kubernetes.version, round });
  const rolling = { id, api, before: [...control, ...pools.steps] };
  const replacements = planReplacements(context, fates, rolling);
  const removals = planRemovals(context, fates, { ...rolling, before: [...rolling.before, ...replacements] });
  return { steps: [...control, ...pools.steps, ...replacements], removals, api, tokenSources: [] };
}

function createStep(context: LkeContext): Step<string> {
  const { cluster, spec, lke, facts } = context;
  const pools = requestsFor(context);
  const sizes = pools.map(({ name, count, type }) => `${name}: ${count} × ${type}`).join(', ');
  const highAvailability = spec.controlPlane.count > 1;
  return {
    id: 'lke:create',
    phase,
    target: cluster.name,
    text: `create an LKE cluster with Kubernetes ${spec.kubernetes.version}${highAvailability ? ' and high availability' : ''}; ${sizes}`,
    adds: true,
    needs: [],
    async apply(run) {
      const location = facts.location;
      const { version } = spec.kubernetes;
      const request = { version, highAvailability, apiAllow: facts.apiAllow, location, pools };
      return (await lke.create(cluster, request, run)).id;
    },
  };
}

/** Who may reach the API, where that differs. */
function accessStep({ cluster, facts, lke }: LkeContext, id: Later<string>): Step | undefined {
  const { managed, apiAllow } = facts;
  const sorted = (ranges: readonly string[]): string => [...ranges].sort().join(', ');
  if (!managed || sorted(managed.apiAllow) === sorted(apiAllow)) return undefined;
  return {
    id: 'lke:access',
    phase,
    target: cluster.name,
    text: `let ${apiAllow.join(', ')} reach the Kubernetes API, instead of ${managed.apiAllow.join(', ') || 'nobody'}`,
    needs: needsOf(id),
    apply: (run) => lke.change(valueOf(id, run), { apiAllow }, run),
  };
}

function openStep(
  { cluster, tools, lke, facts }: LkeContext,
  id: Later<string>,
  access: Step | undefined,
): Step<ClusterApi> {
  return {
    id: 'lke:kubeconfig',
    phase,
    target: cluster.name,
    text: facts.kubeconfig ? 'wait until its API answers' : 'wait for its kubeconfig, and until its API answers',
    needs: [...needsOf(id), ...(access ? [access] : [])],
    async apply(run) {
      const { kubeconfig, api } = await waitForApi(tools, lke, { cluster, id: valueOf(id, run) }, run);
      await tools.folder.saveKubeconfig(kubeconfig);
      return api;
    },
  };
}

/** The control plane first; its nodes stay, and are recycled after it. */
function versionStep(
  { cluster, spec, tools, lke, facts }: LkeContext,
  id: Later<string>,
  api: Later<ClusterApi>,
  access: Step | undefined,
): Step | undefined {
  const { version } = spec.kubernetes;
  if (!facts.managed || facts.managed.version === version) return undefined;
  return {
    id: `lke:version:${version}`,
    phase,
    target: cluster.name,
    text: `bring the control plane from ${facts.managed.version} to ${version}, which cannot be undone`,
    details: facts.managed.highAvailability ? [] : ['its API is silent for a moment, since one server runs it'],
    changes: true,
    needs: [...needsOf(id, api), ...(access ? [access] : [])],
    async apply(run) {
      await lke.change(valueOf(id, run), { version }, run);
      await waitForVersion(tools, valueOf(api, run), version, run);
    },
  };
}
